/* One client's socket: bytes are read into a buffer that all connections share, answered by
 * exchange.c and written at once; only what the socket does not take is queued. While that happens,
 * or while a body is being produced, nothing further is read from this client and everyone else is
 * served. */
#ifndef FAPWS4_CONNECTION_H
#define FAPWS4_CONNECTION_H

#include "exchange.h"

#include <uv.h>

struct connection;

/* All connections of a loop and what they share. `loop`, `read_buffer` (LIMIT_READ bytes) and
 * `exchange` are the owner's to set. */
struct connections {
    uv_loop_t *loop;
    char *read_buffer;
    struct exchange exchange;
    struct connection *first;
    size_t count;
    unsigned seconds; /* a coarse clock: calls of connections_tick */
};

/* Accepts the waiting client of a listening uv_tcp_t or uv_pipe_t; 0 or a UV_E code. */
int connection_accept(struct connections *all, uv_stream_t *listener);

/* To be called once a second: renews the Date, ends connections that are overdue (limits.h). */
void connections_tick(struct connections *all);

/* Ends idle connections now and the others after the response that is in flight. */
void connections_stop(struct connections *all);

/* Ends all of them now. */
void connections_close(struct connections *all);

#endif
