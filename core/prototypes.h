/* Environs to copy from: the template of a route with what came before set in it: the fields of one
 * header block (block_memo.h), the addresses of one connection, and what it asks for again and again. */
#ifndef FAPWS4_PROTOTYPES_H
#define FAPWS4_PROTOTYPES_H

#include "request.h"
#include "visitor.h"

#include <Python.h>

/* A dict to be copied, never to be changed or handed out, and what of a request is set in it. */
struct prototype {
    PyObject *environ; /* borrowed */
    bool has_headers, has_visitor, has_method, has_path;
};

/* The best prototype there is for a request to the route with this template; `path` is the request's
 * path behind the route's prefix. Valid until the next call. 0, or -1 with an error set. */
int prototypes_find(const struct request *request, const struct visitor *visitor,
                    struct slice path, PyObject *template, bool strict,
                    struct prototype *prototype);

/* Lets go of everything. */
void prototypes_finish(void);

#endif
