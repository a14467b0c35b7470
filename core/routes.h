/* The callables that PATHS names, each with what its requests have in common. */
#ifndef FAPWS4_ROUTES_H
#define FAPWS4_ROUTES_H

#include "request.h"
#include "router.h"
#include "settings.h"

#include <Python.h>

struct route {
    PyObject *callable; /* of fapws4.wsgi(app): the app */
    PyObject *template; /* environ without what differs between requests; see environ.h */
    size_t prefix_length; /* bytes of the path that are in SCRIPT_NAME */
    bool threaded;        /* called on a thread */
    bool cached;          /* a Staticfile: what it answered may be answered again without it */
    bool streaming;       /* ... before the body has arrived, */
    uint64_t body_limit;  /* ... which may have this many bytes */
    bool strict;          /* PEP 3333 to the letter: for a WSGI application */
    unsigned copies_due;  /* requests that are not lent an environ (loan.h) */
};

struct routes {
    struct route *items; /* in the order of the router's prefixes */
    size_t count;
};

/* PATH_INFO: what of the path is behind the prefix. */
static inline struct slice route_path(const struct route *route, const struct request *request)
{
    return (struct slice){request->path.data + route->prefix_length,
                          request->path.length - route->prefix_length};
}

/* Takes PATHS, or the WSGI application for all paths; fills `router` with the prefixes. `server` is
 * where it listens. 0, or -1 with an error set; routes_finish is due in any case. */
int routes_init(struct routes *routes, const struct settings *settings,
                const struct address *server, struct router *router);

/* Legal on zeroed routes. */
void routes_finish(struct routes *routes);

#endif
