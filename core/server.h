/* The event loop of a process: a listening socket, the connections, signals and one timer. */
#ifndef FAPWS4_SERVER_H
#define FAPWS4_SERVER_H

#include "address.h"
#include "connections.h"

struct server {
    uv_loop_t loop;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener;
    uv_async_t stop;       /* SIGTERM and SIGINT arrive here */
    uv_timer_t tick;       /* once a second, only while there are connections or the server stops */
    uv_prepare_t prepare;  /* before the loop sleeps */
    struct connections all;
    unsigned stop_at;      /* all.shared.seconds at which stopping is over; 0 while it runs */
    bool initialized;
};

/* Bodies above `body_limit` bytes are refused. 0 or a UV_E code; server_finish is due in any case.
 * */
int server_init(struct server *server, uint64_t body_limit);

/* Seconds that a kept connection may be silent (0: none is kept), and seconds that a client may take
 * for a head, for the next piece of a body, or to take some of a response. Before server_run; what
 * is 0 or more replaces the deadline of limits.h. */
void server_set_patience(struct server *server, int keepalive, int timeout);

/* Binds and listens; on success address->port is the real one. A unix socket without a server
 * behind it is replaced. 0 or a UV_E code. */
int server_listen(struct server *server, struct address *address);

/* Serves until SIGTERM or SIGINT, then answers what is in flight for at most LIMIT_STOP_SECONDS. A
 * second signal ends the process at once, with status 128 + its number. The router and the handler
 * stay the caller's and must outlive server_finish. */
void server_run(struct server *server, const struct router *router, struct handler *handler);

/* Closes what is left and frees it. Legal on a zeroed server. */
void server_finish(struct server *server);

#endif
