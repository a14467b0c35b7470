/* One connection as handlers see it. What they see is made once for all its requests, and kept for the
 * connections that asked last: those at rest cost nothing. */
#ifndef FAPWS4_VISITOR_H
#define FAPWS4_VISITOR_H

#include "peer.h"

#include <Python.h>
#include <stdbool.h>

struct visitor {
    PyObject *address;   /* str; "" for a unix socket */
    PyObject *port;      /* int */
    PyObject *port_text; /* str */
    uint64_t number;     /* the peer's */
    bool returns;        /* it has asked before, and not long ago */
};

/* The visitor of a connection that asks; valid until another is found or forgotten. NULL with an error
 * set. */
const struct visitor *visitor_find(const struct peer *peer);

/* Lets go of what is kept of a connection, if there is something. */
void visitor_forget(const struct peer *peer);

/* Lets go of all. */
void visitors_finish(void);

#endif
