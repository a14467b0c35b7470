/* All connections of a loop. */
#ifndef FAPWS4_CONNECTIONS_H
#define FAPWS4_CONNECTIONS_H

#include "connection.h"

/* The read buffer and exchange of `shared` are the owner's to set; the rest begins zeroed. */
struct connections {
    struct shared shared; /* first: on_closed finds the list through it */
    struct connection *first;
    size_t count;
};

/* Accepts the waiting client of a listening uv_tcp_t or uv_pipe_t; 0 or a UV_E code. */
int connections_accept(struct connections *all, uv_stream_t *listener);

/* To be called once a second: renews the Date, ends connections that are overdue (limits.h). */
void connections_tick(struct connections *all);

/* From now on each connection ends with its next response. */
void connections_stop(struct connections *all);

/* Ends those now that have no request under way, and held replies. */
void connections_end_idle(struct connections *all);

/* Ends all of them now. */
void connections_close(struct connections *all);

#endif
