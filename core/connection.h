/* One client: what comes on its wire is read into a buffer that all connections share, answered by
 * exchange.c and sent. While some of that is queued, or while a body is being produced, nothing
 * further is answered to this client and everyone else is served. */
#ifndef FAPWS4_CONNECTION_H
#define FAPWS4_CONNECTION_H

#include "exchange.h"
#include "wire.h"

struct connection;

/* What a connection waits for; each has a deadline of its own, but HELD: the app or the
 * disk at work. */
enum phase { IDLE, OPENING, HEAD, BODY, WRITING, LINGERING, HELD };

/* What a connection has only while a request or its response is incomplete. */
struct work {
    struct dialogue dialogue;
    struct buffer pending; /* received, not answered yet; most of the time without memory */
    uint64_t arrived;      /* bytes of a body when its deadline was set */
    size_t queued;         /* bytes the kernel had not taken at the last look */
};

/* What all connections of a loop share. */
struct shared {
    char *read_buffer; /* LIMIT_READ bytes */
    struct tls_service *tls; /* NULL: plain http */
    struct exchange exchange;
    struct work none;  /* of all connections at rest; empty but while one of them is served */
    uint64_t count;    /* connections so far */
    unsigned seconds;  /* a coarse clock for deadlines */
    unsigned patience[HELD]; /* seconds that each phase may take */
    void (*on_closed)(struct connection *); /* the memory of the connection is freed afterwards */
};

struct connection {
    struct wire wire; /* first: the wire's owner is found through it */
    struct shared *shared;
    struct connection *previous, *next; /* in the list of connections.c */
    struct work *work; /* its own, or shared->none */
    struct client client;
    unsigned deadline;   /* on the clock of `shared` */
    unsigned char phase; /* enum phase */
    bool paused;  /* reading is stopped: the client sends ahead faster than it is answered */
    bool ended;   /* the client will send no more */
    bool last;    /* close after what is being written */
    bool refused; /* ... and the client may still be sending */
    bool broken;  /* ... and must not take it for complete */
};

/* Zeroed memory becomes a connection for a client of a listening uv_tcp_t or uv_pipe_t. 0, or a UV_E
 * code after which there is nothing to close. */
int connection_init(struct connection *c, const uv_stream_t *listener);

/* Begins to serve the waiting client; `shared` is set. 0, or a UV_E code after which connection_close
 * is due. */
int connection_start(struct connection *c, uv_stream_t *listener);

/* Ends the connection now; calling it more often is legal. */
void connection_close(struct connection *c);

/* Ends the connection when its deadline has passed. */
void connection_end_overdue(struct connection *c);

/* Ends the connection when no request is under way or has arrived, and a held reply. */
void connection_end_idle(struct connection *c);

#endif
