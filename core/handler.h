/* The app's Python code, as the C part sees it: a request goes in, a response comes out. No Python
 * type shows here, so that everything below and above can be built and tested without an
 * interpreter. */
#ifndef FAPWS4_HANDLER_H
#define FAPWS4_HANDLER_H

#include "address.h"
#include "peer.h"
#include "response.h"

/* The callables of one app and what is needed to call them. */
struct handler;
struct settings;
struct router;

/* A response body that is still being produced: a generator, an iterator, a file. */
struct reply;

/* Takes the routes or the WSGI application of the settings and fills `router` with their prefixes;
 * `server` is where it listens. NULL with a Python error set. */
struct handler *handler_create(const struct settings *settings, const struct address *server,
                               struct router *router);

/* NULL is legal. */
void handler_destroy(struct handler *handler);

/* True when the handler of a route reads the body as it arrives, of at most `*limit` bytes. */
bool handler_streams(const struct handler *handler, int route, uint64_t *limit);

/* Calls the callable of a route (a number from router_find). Never fails: what goes wrong in the
 * app is logged and becomes a 500. Sets `*reply` when response->whole is false; the caller destroys
 * it. response->body stays valid until handler_settle. When the handler runs on a thread only
 * response->later and `*reply` are set. */
void handler_call(struct handler *handler, int route, const struct request *request,
                  const struct peer *peer, struct response *response, struct reply **reply);

/* Releases what the last response's body lay in. */
void handler_settle(struct handler *handler);

/* The next piece of a body, valid until the next call: MORE with a piece, LATER when there is none
 * yet, DONE behind the last, BROKEN after an exception (it is logged). */
enum writing handler_next(struct reply *reply, struct slice *piece);

/* Calls `ready` once, on the loop's thread, when there is news of a reply that answered LATER or was
 * not collected. Dropping the reply cancels it. */
void handler_watch(struct reply *reply, void (*ready)(void *context), void *context);

/* Fills the response that handler_call left for later. False: the handler is still at work. True:
 * as after handler_call; `*reply` is NULL when nothing follows. A handler that failed because it
 * could not read the body (OSError) is answered with response->excuse. */
bool handler_collect(struct handler *handler, struct response *response, struct reply **reply);

/* True for a held reply: who has said the end of what it sends will not read it either. */
bool handler_is_held(const struct reply *reply);

/* The server stops: a held reply ends here. Others are left alone. */
void handler_stop(struct reply *reply);

/* Ends a reply, whether it is used up or not: its close() is called. NULL is legal. */
void handler_drop(struct reply *reply);

/* Ends what is kept of a connection, if there is something. */
void handler_forget(const struct peer *peer);

#endif
