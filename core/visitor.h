/* One connection as handlers see it; made once, used by all its requests. */
#ifndef FAPWS4_VISITOR_H
#define FAPWS4_VISITOR_H

#include "peer.h"

#include <Python.h>
#include <stdbool.h>

struct visitor {
    PyObject *address;   /* str; "" for a unix socket */
    PyObject *port;      /* int */
    PyObject *port_text; /* str */
    unsigned long long number; /* of no other connection before or after */
    bool returns; /* it has asked before */
};

/* NULL with an error set. */
struct visitor *visitor_create(const struct peer *peer);

/* NULL is legal. */
void visitor_destroy(struct visitor *visitor);

#endif
