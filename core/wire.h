/* A client's socket: bytes come and go through here, and nothing is known of HTTP. What comes is put
 * where the owner wants it; what goes is written at once, and only what the socket does not take is
 * copied and queued. With TLS (wire_tls.h) the owner sees the same. */
#ifndef FAPWS4_WIRE_H
#define FAPWS4_WIRE_H

#include "buffer.h"
#include "peer.h"

#include <uv.h>

struct tls_service;
struct wire;
struct wire_tls;

/* What the owner is asked and told; the interpreter is held then (threads.h). Each may close the
 * wire. */
struct wire_owner {
    uv_buf_t (*room)(struct wire *wire); /* where the next bytes are put; none: memory is out */
    void (*on_data)(struct wire *wire, char *data, size_t length); /* they are in that room */
    void (*on_end)(struct wire *wire);     /* the client will send no more */
    void (*on_sent)(struct wire *wire);    /* all that was queued is on its way */
    void (*on_failure)(struct wire *wire); /* the client is gone: close it */
    void (*on_closed)(struct wire *wire);  /* libuv is done with it: its memory may be freed */
};

struct wire {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    const struct wire_owner *owner;
    struct wire_tls *tls; /* NULL: plain */
};

/* How bytes were sent. */
enum sent {
    SENT,   /* all of them */
    QUEUED, /* on_sent will be called */
    LOST    /* they cannot be sent: close it */
};

/* A wire for a client of a listening uv_tcp_t or uv_pipe_t. 0 or a UV_E code, after which there is
 * nothing to close. */
int wire_init(struct wire *wire, const uv_stream_t *listener, const struct wire_owner *owner);

/* Accepts the waiting client of `listener` and reads from it, by TLS unless `service` is NULL. 0 or
 * a UV_E code, after which wire_close is due. */
int wire_start(struct wire *wire, uv_stream_t *listener, struct tls_service *service);

/* The address of the client. */
void wire_peer(const struct wire *wire, struct peer *peer);

/* The socket, for bytes that need not pass through here, while nothing is queued; -1 when they must. */
int wire_descriptor(const struct wire *wire);

/* Writes `head`, then `tail`. Not while something is queued. */
enum sent wire_send(struct wire *wire, struct slice head, struct slice tail);

/* The same, but queues it all, even when the socket would take it: everyone else is served before
 * on_sent. */
enum sent wire_queue(struct wire *wire, struct slice data);

/* Writes what the owner knows nothing of: on_sent does not follow. For wire_tls.c. */
enum sent wire_send_own(struct wire *wire, struct slice data);

/* Bytes that are queued and that the kernel has not taken yet. */
size_t wire_queued(const struct wire *wire);

/* True when bytes of the client have arrived that were not read: closing it would lose them, and
 * with them what is on its way to the client. */
bool wire_has_unread(const struct wire *wire);

/* Stops to read, and begins again: 0 or a UV_E code, after which wire_close is due. */
void wire_pause(struct wire *wire);
int wire_resume(struct wire *wire);

/* Says the end behind what was sent; what the client still sends is read. 0 or a UV_E code. */
int wire_shutdown(struct wire *wire);

/* Closes it; `reset`: so that the client cannot take what it got for complete. Once. */
void wire_close(struct wire *wire, bool reset);

/* uv_buf_init would cut the length to 32 bits. */
static inline uv_buf_t wire_view(char *data, size_t length)
{
    uv_buf_t buffer = uv_buf_init(data, 0);

    buffer.len = length;
    return buffer;
}

static inline bool wire_is_closing(const struct wire *wire)
{
    return uv_is_closing(&wire->uv.handle);
}

#endif
