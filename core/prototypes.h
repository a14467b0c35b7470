/* Environs to copy from: the template of a route with what came before set in it: the fields of one
 * header block (block_memo.h), and the addresses of one connection. */
#ifndef FAPWS4_PROTOTYPES_H
#define FAPWS4_PROTOTYPES_H

#include "request.h"
#include "visitor.h"

#include <Python.h>

/* A dict to be copied, never to be changed or handed out, and what of a request is set in it. */
struct prototype {
    PyObject *environ; /* borrowed */
    bool has_headers, has_visitor;
};

/* The best prototype there is for a request to the route with this template. 0, or -1 with an error
 * set. */
int prototypes_find(const struct request *request, const struct visitor *visitor,
                    PyObject *template, bool strict, struct prototype *prototype);

/* Lets go of everything. */
void prototypes_finish(void);

#endif
