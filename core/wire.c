#include "wire.h"

#include "limits.h"
#include "threads.h"
#include "wire_tls.h"

#include <stdlib.h>
#include <sys/socket.h>

/* A copy of what the socket did not take. */
struct outgoing {
    uv_write_t request;
    bool owned; /* the owner waits for on_sent */
    char bytes[];
};

/* ---- reading ---- */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct wire *wire = handle->data;

    (void)suggested;
    if (wire->tls != NULL)
        *buffer = uv_buf_init(wire->tls->service->received, LIMIT_READ);
    else
        *buffer = wire->owner->room(wire); /* none arrives in on_read as UV_ENOBUFS */
}

/* With TLS the client may have said so already. */
static void receive_end(struct wire *wire)
{
    struct wire_tls *tls = wire->tls;

    if (tls != NULL && tls->deaf)
        wire->owner->on_failure(wire);
    else if (tls == NULL || !tls->ended)
        wire->owner->on_end(wire);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct wire *wire = stream->data;

    threads_hold();
    if (count > 0 && wire->tls != NULL)
        wire_tls_receive(wire, buffer->base, (size_t)count);
    else if (count > 0)
        wire->owner->on_data(wire, buffer->base, (size_t)count);
    else if (count == UV_EOF)
        receive_end(wire);
    else if (count < 0)
        wire->owner->on_failure(wire);
}

bool wire_has_unread(const struct wire *wire)
{
    uv_os_fd_t fd;
    char byte;

    if (wire->tls != NULL && wire->tls->held.length > 0)
        return true;
    return uv_fileno(&wire->uv.handle, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void wire_pause(struct wire *wire)
{
    if (wire->tls != NULL)
        wire->tls->paused = true;
    uv_read_stop(&wire->uv.stream);
}

int wire_resume(struct wire *wire)
{
    int status;

    if (wire->tls != NULL) {
        wire_tls_resume(wire);
        if (wire->tls->paused || wire_is_closing(wire))
            return 0;
    }
    status = uv_read_start(&wire->uv.stream, on_allocate, on_read);
    return status == UV_EALREADY ? 0 : status;
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status)
{
    struct wire *wire = request->handle->data;
    bool owned = ((struct outgoing *)request)->owned;

    free(request);
    if (wire_is_closing(wire))
        return;
    threads_hold();
    if (status < 0)
        wire->owner->on_failure(wire);
    else if (owned)
        wire->owner->on_sent(wire);
}

/* Queues copies of `count` buffers without their first `skip` bytes. */
static enum sent queue(struct wire *wire, const uv_buf_t *buffers, unsigned count, size_t skip,
                       bool owned)
{
    struct outgoing *outgoing;
    size_t length = 0;
    uv_buf_t copy;

    for (unsigned i = 0; i < count; i++)
        length += buffers[i].len;
    outgoing = malloc(sizeof(*outgoing) + length - skip);
    if (outgoing == NULL)
        return LOST;
    outgoing->owned = owned;
    copy = uv_buf_init(outgoing->bytes, 0);
    for (unsigned i = 0; i < count && length > 0; i++) {
        size_t start = skip < buffers[i].len ? skip : buffers[i].len;
        memcpy(copy.base + copy.len, buffers[i].base + start, buffers[i].len - start);
        copy.len += buffers[i].len - start;
        skip -= start;
    }
    if (uv_write(&outgoing->request, &wire->uv.stream, &copy, 1, on_written) == 0)
        return QUEUED;
    free(outgoing);
    return LOST;
}

int wire_descriptor(const struct wire *wire)
{
    uv_os_fd_t descriptor;

    if (wire->tls != NULL)
        return -1;
    return uv_fileno(&wire->uv.handle, &descriptor) == 0 ? descriptor : -1;
}

static enum sent put(struct wire *wire, struct slice head, struct slice tail, bool owned)
{
    uv_buf_t buffers[2] = {wire_view((char *)head.data, head.length),
                           wire_view((char *)tail.data, tail.length)};
    unsigned count = tail.length > 0 ? 2 : 1;
    int written = uv_try_write(&wire->uv.stream, buffers, count);

    if (written == UV_EAGAIN)
        written = 0;
    if (written < 0)
        return LOST;
    if ((size_t)written == head.length + tail.length)
        return SENT;
    return queue(wire, buffers, count, (size_t)written, owned);
}

static enum sent put_later(struct wire *wire, struct slice data)
{
    uv_buf_t buffer = wire_view((char *)data.data, data.length);

    return queue(wire, &buffer, 1, 0, true);
}

enum sent wire_send(struct wire *wire, struct slice head, struct slice tail)
{
    struct slice records;
    enum sent sent = LOST;

    if (wire->tls == NULL)
        return put(wire, head, tail, true);
    if (wire_tls_encrypt(wire->tls, head, tail, &records))
        sent = put(wire, records, (struct slice){NULL, 0}, true);
    wire_tls_settle(wire->tls);
    return sent;
}

enum sent wire_queue(struct wire *wire, struct slice data)
{
    struct slice records;
    enum sent sent = LOST;

    if (wire->tls == NULL)
        return put_later(wire, data);
    if (wire_tls_encrypt(wire->tls, data, (struct slice){NULL, 0}, &records))
        sent = put_later(wire, records);
    wire_tls_settle(wire->tls);
    return sent;
}

enum sent wire_send_own(struct wire *wire, struct slice data)
{
    return put(wire, data, (struct slice){NULL, 0}, false);
}

size_t wire_queued(const struct wire *wire)
{
    return uv_stream_get_write_queue_size(&wire->uv.stream);
}

/* ---- beginning and end ---- */

int wire_init(struct wire *wire, const uv_stream_t *listener, const struct wire_owner *owner)
{
    wire->owner = owner;
    wire->uv.handle.data = wire;
    if (listener->type == UV_TCP)
        return uv_tcp_init(listener->loop, &wire->uv.tcp);
    return uv_pipe_init(listener->loop, &wire->uv.pipe, 0);
}

int wire_start(struct wire *wire, uv_stream_t *listener, struct tls_service *service)
{
    int status = uv_accept(listener, &wire->uv.stream);

    if (status != 0)
        return status;
    if (wire->uv.handle.type == UV_TCP)
        uv_tcp_nodelay(&wire->uv.tcp, 1);
    if (service != NULL) {
        wire->tls = wire_tls_create(service);
        if (wire->tls == NULL)
            return UV_ENOMEM;
        wire_peer(wire, &wire->tls->peer);
    }
    return uv_read_start(&wire->uv.stream, on_allocate, on_read);
}

void wire_peer(const struct wire *wire, struct peer *peer)
{
    struct sockaddr_storage address;
    int length = sizeof(address);

    if (wire->uv.handle.type == UV_TCP &&
        uv_tcp_getpeername(&wire->uv.tcp, (struct sockaddr *)&address, &length) == 0)
        peer_read(peer, (const struct sockaddr *)&address);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status; /* a client that is gone shows in the read */
    free(request);
}

/* What a TLS client takes as the end; a cut connection may be someone else's work. */
static void say_farewell(struct wire *wire)
{
    struct slice records = wire_tls_farewell(wire->tls);

    if (records.length > 0)
        wire_send_own(wire, records);
    wire_tls_settle(wire->tls);
}

int wire_shutdown(struct wire *wire)
{
    uv_shutdown_t *request = malloc(sizeof(*request));
    int status;

    if (wire->tls != NULL)
        say_farewell(wire);
    status = request != NULL ? uv_shutdown(request, &wire->uv.stream, on_shutdown) : UV_ENOMEM;
    if (status != 0)
        free(request);
    return status;
}

static void on_closed(uv_handle_t *handle)
{
    struct wire *wire = handle->data;

    wire_tls_destroy(wire->tls);
    wire->owner->on_closed(wire);
}

void wire_close(struct wire *wire, bool reset)
{
    if (wire->tls != NULL && !reset)
        say_farewell(wire);
    if (!reset || wire->uv.handle.type != UV_TCP ||
        uv_tcp_close_reset(&wire->uv.tcp, on_closed) != 0)
        uv_close(&wire->uv.handle, on_closed);
}
