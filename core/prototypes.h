/* Environs to copy from: the template of a route with what came before set in it: the fields of one
 * header block (block_memo.h), the addresses of one connection, and what it asks for again and again. */
#ifndef FAPWS4_PROTOTYPES_H
#define FAPWS4_PROTOTYPES_H

#include "request.h"
#include "visitor.h"

#include <Python.h>

struct kept;

/* A dict to be copied, and what of a request is set in it. */
struct prototype {
    PyObject *environ; /* borrowed */
    struct kept *own;  /* where it is that of one connection; NULL: it is shared, and never handed out */
    bool has_headers, has_visitor, has_method, has_path;
};

/* The best prototype there is for a request to the route with this template; `path` is the request's
 * path behind the route's prefix. Valid until the next call. 0, or -1 with an error set. */
int prototypes_find(const struct request *request, const struct visitor *visitor,
                    struct slice path, PyObject *template, bool strict,
                    struct prototype *prototype);

/* True when it could stand for a request with this method and path (that behind the prefix), which
 * are not too long then; and: from now on it does, they were set in it. */
bool prototypes_may_name(const struct prototype *prototype, struct slice method, struct slice path);
void prototypes_name(const struct prototype *prototype, struct slice method, struct slice path);

/* Forgets one of a connection: it was changed. */
void prototypes_drop(const struct prototype *prototype);

/* Lets go of everything. */
void prototypes_finish(void);

#endif
