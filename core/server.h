/* The event loop of a process: a listening socket, the connections, signals and one timer. */
#ifndef FAPWS4_SERVER_H
#define FAPWS4_SERVER_H

#include "address.h"
#include "connections.h"

/* Something that SIGHUP has a server without a supervisor read anew, like its certificates: named
 * in the log when `reload` returns true; when it returns false it has said why itself. */
struct hangup {
    const char *what;
    bool (*reload)(void *context); /* called on the loop's thread */
    void *context;
    struct hangup *next;
};

struct server {
    uv_loop_t loop;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener;
    const struct address *address; /* where the listener listens */
    uv_async_t stop;       /* SIGTERM and SIGINT arrive here */
    uv_async_t hangup;     /* ... and SIGHUP here */
    uv_async_t profile;    /* ... and SIGUSR1 here */
    struct journal journal;
    struct hangup *hangups, log_again;
    uv_poll_t channel;     /* to the supervisor, when `follows` */
    uv_timer_t tick;       /* once a second, only while there are connections or the server stops */
    uv_prepare_t prepare;  /* before the loop sleeps */
    struct connections all;
    unsigned stop_at;      /* all.shared.seconds at which stopping is over; 0 while it runs */
    unsigned idle_at;      /* stopping: when connections without a request are closed; 0: they are */
    bool initialized;
    bool follows;          /* is one of a supervisor's workers */
};

/* Bodies above `body_limit` bytes are refused. 0 or a UV_E code; server_finish is due in any case.
 * */
int server_init(struct server *server, uint64_t body_limit);

/* Seconds that a kept connection may be silent (0: none is kept), and seconds that a client may take
 * for a head, for the next piece of a body, or to take some of a response. Before server_run; what
 * is 0 or more replaces the deadline of limits.h. */
void server_set_patience(struct server *server, int keepalive, int timeout);

/* Serves on this listening socket, which becomes the server's. The address outlives the server. 0 or
 * a UV_E code. */
int server_listen(struct server *server, int listener, const struct address *address);

/* Makes it one of several workers. At the end of the channel the server stops patiently: connections
 * without a request are given LIMIT_FAREWELL_SECONDS for one, while other workers serve new clients.
 * 0 or a UV_E code. */
int server_follow(struct server *server, int channel);

/* Adds to what SIGHUP does. `hangup` stays the caller's and must outlive server_run. */
void server_on_hangup(struct server *server, struct hangup *hangup);

/* What is noted of requests: the access log (or NULL; it becomes the server's) and what DEBUG asks
 * for. Without any of it nothing is, until the first SIGUSR1. Before server_run. */
void server_keep_journal(struct server *server, struct access_log *log, int debug);

/* From now on signals are heard; what they ask for happens in server_run. After server_follow. */
void server_watch_signals(struct server *server);

/* Serves until SIGTERM or SIGINT, then whom it has and who waits already to be accepted, for at most
 * LIMIT_STOP_SECONDS. The file of a unix socket is removed first, unless this is a worker. A second
 * signal ends the process at once, with status 128 + its number. The router and the handler
 * stay the caller's and must outlive server_finish. */
void server_run(struct server *server, const struct router *router, struct handler *handler);

/* Closes what is left and frees it. Legal on a zeroed server. */
void server_finish(struct server *server);

#endif
