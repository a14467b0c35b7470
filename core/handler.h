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

/* What Python keeps of one connection (its address as str); created at the first request. */
struct visitor;

/* A response body that is still being produced: a generator, an iterator, a file. */
struct reply;

/* Takes the routes or the WSGI application of the settings and fills `router` with their prefixes;
 * `server` is where it listens. NULL with a Python error set. */
struct handler *handler_create(const struct settings *settings, const struct address *server,
                               struct router *router);

/* NULL is legal. */
void handler_destroy(struct handler *handler);

/* Calls the callable of a route (a number from router_find). Never fails: what goes wrong in the
 * app is logged and becomes a 500. Sets `*reply` when response->whole is false; the caller destroys
 * it. response->body stays valid until handler_settle. */
void handler_call(struct handler *handler, int route, const struct request *request,
                  const struct peer *peer, struct visitor **visitor, struct response *response,
                  struct reply **reply);

/* Releases what the last response's body lay in. */
void handler_settle(struct handler *handler);

/* The next piece of a body, valid until the next call: MORE with a piece, DONE without one, BROKEN
 * after an exception (it is logged). */
enum writing handler_next(struct reply *reply, struct slice *piece);

/* Ends a reply, whether it is used up or not: its close() is called. NULL is legal. */
void handler_drop(struct reply *reply);

/* Ends what is kept of a connection. NULL is legal. */
void handler_forget(struct visitor *visitor);

#endif
