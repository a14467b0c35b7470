/* One request in, one response out. Everything that happens to a request is called from exchange.c,
 * in order: request, router, handler, response. */
#ifndef FAPWS4_EXCHANGE_H
#define FAPWS4_EXCHANGE_H

#include "arrival.h"
#include "file_cache.h"
#include "handler.h"
#include "journal.h"
#include "intake.h"
#include "router.h"

/* What all connections of a loop share; only one request is being answered at a time. */
struct exchange {
    const struct router *router;
    struct handler *handler;
    struct banner banner;
    uv_loop_t *loop;      /* whose threads write large bodies to files */
    uint64_t body_limit;  /* bytes: MAX_BODY_SIZE */
    unsigned body_seconds; /* until LIMIT_BODY_PROGRESS bytes more of a body have come */
    struct slice health;  /* HEALTH: a path that is answered without the app; empty: none */
    bool single;          /* no connection is kept */
    bool stopping;        /* the response to the last request that is here says that the connection
                           * ends */
    struct file_cache files;
    struct buffer block;  /* of a file on its way to the socket */
    struct journal *journal; /* NULL: nobody wants to know */
    struct buffer output; /* responses to be written to the connection that is being served */
    struct request request;
    int route; /* of `request` */
    struct response response;
};

/* What of a connection outlives its requests. Zeroed at the start, but for the peer. */
struct client {
    struct peer peer;
    struct account *account; /* of the journal; NULL: nothing is noted */
    unsigned char slot;      /* request.slot of this connection */
};

/* A request and its response, as far as one of them is incomplete. Zeroed before each, but for the
 * client. */
struct dialogue {
    struct client *client;
    struct intake intake;
    struct arrival *arrival; /* a body that does not stay in memory, else NULL */
    struct reply *reply; /* a response body that is still being produced, else NULL */
    struct framing framing;
    struct file_part file;     /* a response body that still lies in a file */
    struct file_entry *cached; /* ... which the cache keeps open, else `reply` does */
    struct terms terms;  /* of a request whose response has no head yet */
    bool headless;       /* ... because the handler is at work on a thread */
};

/* Takes the next request from `input` and appends its response to `output` (100 (Continue)
 * included). WAITING: nothing to answer yet; dialogue->arrival says what for, if it is set. READY: drop request.consumed bytes of the input; write
 * `output`, then response.tail; then, when dialogue->reply is set, whatever exchange_more appends
 * until it is not MORE, or `dialogue->file` when something of that is left, and then
 * exchange_end_file; the connection goes on when response.keep_alive says so. When
 * dialogue->headless is set, nothing but earlier responses is in `output`. REFUSED: write
 * `output` and close. */
enum progress exchange_advance(struct exchange *exchange, struct dialogue *dialogue,
                               struct input *input);

/* Appends the head of a headless response, and what comes with it: READY, as above. WAITING: the
 * handler is still at work. */
enum progress exchange_resume(struct exchange *exchange, struct dialogue *dialogue);

/* Takes the bytes of a body for dialogue->arrival while the connection is busy otherwise; what stands
 * behind them is left in `input`. */
void exchange_receive(struct dialogue *dialogue, struct input *input);

/* Appends 100 (Continue) when the handler at work reads and its client waits for that. */
void exchange_continue(struct exchange *exchange, struct dialogue *dialogue);

/* Appends the next piece of the body that is being produced. DONE and BROKEN end it; after LATER
 * handler_watch tells when to go on. */
enum writing exchange_more(struct exchange *exchange, struct dialogue *dialogue);

/* The file of a response has been sent, and was all: DONE, or BROKEN when less was sent than
 * announced. */
enum writing exchange_end_file(struct dialogue *dialogue);

/* Appends the refusal of a request that did not come in time (408); `input` is what came. */
void exchange_time_out(struct exchange *exchange, struct dialogue *dialogue,
                       const struct input *input);

/* Empties `output` after it was written and lets go of the last response. */
void exchange_settle(struct exchange *exchange);

/* Lets go of all that a dialogue holds. */
void dialogue_finish(struct dialogue *dialogue);

/* Frees the memory of the shared buffers. */
void exchange_finish(struct exchange *exchange);

#endif
