#include "connection.h"

#include "threads.h"

#include <limits.h>
#include <stdlib.h>

/* A copy of what the socket did not take. */
struct outgoing {
    uv_write_t request;
    struct connection *connection;
    char bytes[];
};

static void serve(struct connection *c, struct input input);
static void go_on(struct connection *c);

/* ---- end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;

    c->shared->on_closed(c);
    free(c);
}

/* Lets go of everything now; the memory follows when libuv is done with it. */
void connection_close(struct connection *c)
{
    if (uv_is_closing(&c->uv.handle))
        return;
    dialogue_finish(&c->dialogue);
    buffer_finish(&c->pending);
    if (!c->broken || c->uv.handle.type != UV_TCP || uv_tcp_close_reset(&c->uv.tcp, on_closed) != 0)
        uv_close(&c->uv.handle, on_closed);
}

static void enter(struct connection *c, enum phase phase)
{
    if (phase == HEAD && c->phase == HEAD) /* a head does not get more time by coming slowly */
        return;
    c->phase = phase;
    c->deadline = phase == HELD ? UINT_MAX : c->shared->seconds + c->shared->patience[phase] + 1;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status; /* a client that is gone shows in the read */
    free(request);
}

/* Says the end to a client that may still be sending, and waits for its own end: closing a socket
 * with unread bytes would reset it and destroy the response on its way (RFC 9112 section 9.6). */
static void linger(struct connection *c)
{
    uv_shutdown_t *request = malloc(sizeof(*request));

    if (request == NULL || uv_shutdown(request, &c->uv.stream, on_shutdown) != 0) {
        free(request);
        connection_close(c);
        return;
    }
    buffer_finish(&c->pending);
    enter(c, LINGERING);
}

static void finish(struct connection *c)
{
    if (c->refused && !c->ended)
        linger(c);
    else
        connection_close(c);
}

/* ---- writing ---- */

static bool is_busy(const struct connection *c)
{
    return c->phase == WRITING || c->dialogue.reply != NULL;
}

static void on_written(uv_write_t *request, int status);

static uv_buf_t view(const char *data, size_t length)
{
    uv_buf_t buffer = uv_buf_init((char *)data, 0);

    buffer.len = length; /* uv_buf_init would cut it to 32 bits */
    return buffer;
}

/* Queues copies of `count` buffers without their first `skip` bytes. */
static void queue(struct connection *c, const uv_buf_t *buffers, unsigned count, size_t skip)
{
    struct outgoing *outgoing;
    size_t length = 0;
    uv_buf_t copy;

    for (unsigned i = 0; i < count; i++)
        length += buffers[i].len;
    outgoing = malloc(sizeof(*outgoing) + length - skip);
    if (outgoing == NULL) {
        connection_close(c);
        return;
    }
    outgoing->connection = c;
    copy = uv_buf_init(outgoing->bytes, 0);
    for (unsigned i = 0; i < count && length > 0; i++) {
        size_t start = skip < buffers[i].len ? skip : buffers[i].len;
        memcpy(copy.base + copy.len, buffers[i].base + start, buffers[i].len - start);
        copy.len += buffers[i].len - start;
        skip -= start;
    }
    enter(c, WRITING);
    if (uv_write(&outgoing->request, &c->uv.stream, &copy, 1, on_written) != 0) {
        free(outgoing);
        connection_close(c);
        return;
    }
    c->queued = uv_stream_get_write_queue_size(&c->uv.stream);
}

/* Writes what the exchange has gathered; the phase is WRITING afterwards when some of it was
 * queued. */
static void flush(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;
    uv_buf_t buffers[2] = {view(x->output.data, x->output.length),
                           view(x->response.tail.data, x->response.tail.length)};
    size_t length = x->output.length + x->response.tail.length;
    unsigned count = x->response.tail.length > 0 ? 2 : 1;
    int written = 0;

    if (x->output.failed)
        connection_close(c);
    if (length > 0 && !uv_is_closing(&c->uv.handle)) {
        written = uv_try_write(&c->uv.stream, buffers, count);
        if (written == UV_EAGAIN)
            written = 0;
        if (written < 0)
            connection_close(c);
        else if ((size_t)written < length)
            queue(c, buffers, count, (size_t)written);
    }
    exchange_settle(x);
}

static void on_news(void *context)
{
    struct connection *c = context;

    c->phase = IDLE;
    go_on(c);
}

/* The app is at work, or has nothing to say at present. */
static void hold(struct connection *c)
{
    enter(c, HELD);
    handler_watch(c->dialogue.reply, on_news, c);
}

/* Queues the next piece of a body. Queued even when the socket would take it: the loop then serves
 * everyone else before on_written asks for the piece after it. */
static void pump(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;
    bool ends_by_closing = c->dialogue.framing.kind == FRAMING_CLOSE;
    enum writing writing = exchange_more(x, &c->dialogue);
    uv_buf_t buffer = view(x->output.data, x->output.length);

    if (writing == LATER) {
        hold(c);
        return;
    }
    if (writing == BROKEN) {
        c->last = true;
        c->broken = ends_by_closing;
    }
    if (x->output.failed)
        connection_close(c);
    else
        queue(c, &buffer, 1, 0);
    exchange_settle(x);
}

/* ---- reading ---- */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *c = handle->data;
    size_t step = c->phase == BODY ? LIMIT_BODY_STEP : LIMIT_HEAD_STEP;

    (void)suggested;
    if (c->pending.length == 0) {
        *buffer = uv_buf_init(c->shared->read_buffer, LIMIT_READ);
        return;
    }
    if (c->dialogue.intake.awaited > c->pending.length &&
        c->dialogue.intake.awaited - c->pending.length < step)
        step = c->dialogue.intake.awaited - c->pending.length;
    if (!buffer_reserve(&c->pending, step)) {
        *buffer = uv_buf_init(NULL, 0); /* arrives in on_read as UV_ENOBUFS */
        return;
    }
    *buffer = view(c->pending.data + c->pending.length, c->pending.capacity - c->pending.length);
}

/* Keeps what was not consumed; `rest` lies in the shared buffer or inside `pending`. */
static void keep(struct connection *c, struct input rest)
{
    if (c->pending.length > 0) {
        if (rest.data != c->pending.data)
            memmove(c->pending.data, rest.data, rest.length);
        c->pending.length = rest.length;
    } else if (rest.length > 0) {
        buffer_append(&c->pending, rest.data, rest.length);
        if (c->pending.failed)
            connection_close(c);
    }
    if (c->pending.length == 0)
        buffer_finish(&c->pending);
}

/* What to wait for, now that all that could be answered is answered. */
static void await(struct connection *c)
{
    const struct intake *intake = &c->dialogue.intake;

    if (uv_is_closing(&c->uv.handle) || c->phase == WRITING)
        return;
    if (c->dialogue.headless)
        hold(c);
    else if (c->dialogue.reply != NULL)
        pump(c);
    else if (c->last || c->ended || (c->shared->exchange.stopping && c->pending.length == 0))
        finish(c);
    else if (c->pending.length == 0)
        enter(c, IDLE);
    else
        enter(c, intake->head_length > 0 ? BODY : HEAD);
}

/* Answers as many requests as are there. */
static void serve(struct connection *c, struct input input)
{
    struct exchange *x = &c->shared->exchange;
    enum progress progress = READY;

    while (input.length > 0 && progress == READY && !c->last && !is_busy(c) &&
           !uv_is_closing(&c->uv.handle)) {
        progress = exchange_advance(x, &c->dialogue, &input);
        if (progress == WAITING)
            break;
        c->phase = IDLE;
        c->refused = progress == REFUSED;
        c->last = c->refused || !x->response.keep_alive;
        input.data += x->request.consumed;
        input.length = c->last ? 0 : input.length - x->request.consumed;
        if (x->response.tail.length > 0 || x->output.length > LIMIT_GATHER)
            flush(c);
    }
    if (!uv_is_closing(&c->uv.handle))
        keep(c, input);
    flush(c);
    await(c);
}

static void serve_pending(struct connection *c)
{
    if (c->ended)
        c->dialogue.intake.scanned = 0;
    if (c->pending.length > 0)
        serve(c, (struct input){c->pending.data, c->pending.length});
    else
        await(c);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void read_again(struct connection *c)
{
    if (!c->paused || is_busy(c) || uv_is_closing(&c->uv.handle))
        return;
    c->paused = false;
    if (uv_read_start(&c->uv.stream, on_allocate, on_read) != 0)
        connection_close(c);
}

/* After a pause: the response is written as far as it was there, or there is news of it. */
static void go_on(struct connection *c)
{
    if (c->dialogue.headless) {
        if (exchange_resume(&c->shared->exchange, &c->dialogue) == WAITING) {
            hold(c);
            return;
        }
        c->last = !c->shared->exchange.response.keep_alive;
        flush(c);
        if (c->phase == WRITING || uv_is_closing(&c->uv.handle))
            return;
    }
    if (c->last || c->dialogue.reply != NULL)
        await(c);
    else
        serve_pending(c);
    read_again(c);
}

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *outgoing = (struct outgoing *)request;
    struct connection *c = outgoing->connection;

    free(outgoing);
    if (uv_is_closing(&c->uv.handle))
        return;
    threads_hold();
    if (status < 0) {
        connection_close(c);
        return;
    }
    c->phase = IDLE;
    if (c->dialogue.headless)
        hold(c);
    else
        go_on(c);
}

static void receive(struct connection *c, char *data, size_t length)
{
    struct input input = {data, length};

    if (c->pending.length > 0) {
        c->pending.length += length;
        input = (struct input){c->pending.data, c->pending.length};
    }
    if (!is_busy(c)) {
        serve(c, input);
        return;
    }
    keep(c, input);
    if (c->pending.length > LIMIT_AHEAD && !uv_is_closing(&c->uv.handle)) {
        uv_read_stop(&c->uv.stream);
        c->paused = true;
    }
}

/* The client will send no more. What it sent is looked at once again: a head that is faulty but
 * unfinished is refused, as it would have been in one piece. */
static void receive_end(struct connection *c)
{
    c->ended = true;
    if (c->phase == LINGERING || (c->dialogue.reply != NULL && handler_is_held(c->dialogue.reply)))
        connection_close(c);
    else if (!is_busy(c))
        serve_pending(c);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;

    threads_hold();
    if (count > 0 && c->phase != LINGERING)
        receive(c, buffer->base, (size_t)count);
    else if (count == UV_EOF)
        receive_end(c);
    else if (count < 0)
        connection_close(c);
}

/* ---- beginning ---- */

static void note_peer(struct connection *c)
{
    struct sockaddr_storage address;
    int length = sizeof(address);

    if (c->uv.handle.type == UV_TCP &&
        uv_tcp_getpeername(&c->uv.tcp, (struct sockaddr *)&address, &length) == 0)
        peer_read(&c->dialogue.peer, (const struct sockaddr *)&address);
}

int connection_start(struct connection *c, uv_stream_t *listener)
{
    int status = uv_accept(listener, &c->uv.stream);

    if (status != 0)
        return status;
    if (c->uv.handle.type == UV_TCP)
        uv_tcp_nodelay(&c->uv.tcp, 1);
    note_peer(c);
    enter(c, IDLE);
    return uv_read_start(&c->uv.stream, on_allocate, on_read);
}

/* ---- from outside ---- */

void connection_end_overdue(struct connection *c)
{
    size_t queued = uv_stream_get_write_queue_size(&c->uv.stream);

    if (uv_is_closing(&c->uv.handle) || c->deadline > c->shared->seconds)
        return;
    if (c->phase == WRITING && queued < c->queued) { /* slow, but alive */
        c->queued = queued;
        enter(c, WRITING);
    } else if (c->phase == HEAD || c->phase == BODY) {
        exchange_time_out(&c->shared->exchange);
        c->last = c->refused = true;
        flush(c);
        await(c);
    } else {
        connection_close(c);
    }
}

void connection_end_idle(struct connection *c)
{
    if (c->phase == IDLE && !is_busy(c))
        connection_close(c);
    else if (c->dialogue.reply != NULL)
        handler_stop(c->dialogue.reply);
}
