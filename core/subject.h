/* What the log calls a request: made only when something is to be said of it. */
#ifndef FAPWS4_SUBJECT_H
#define FAPWS4_SUBJECT_H

#include "request.h"
#include "visitor.h"

#include <Python.h>

struct subject {
    const struct request *request;
    const struct visitor *visitor;
    PyObject *text; /* str, or NULL as long as nobody asked */
};

/* "GET /x from 127.0.0.1". Borrowed; NULL with an error set. */
PyObject *subject_text(struct subject *subject);

#endif
