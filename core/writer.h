/* What start_response returns: write(data), which sends bytes ahead of what the handler returns
 * (PEP 3333). */
#ifndef FAPWS4_WRITER_H
#define FAPWS4_WRITER_H

#include <Python.h>

struct start_response;

/* For `start`, which it does not keep alive. NULL with an error set. */
PyObject *writer_create(struct start_response *start);

/* From now on it belongs to no response: calling it is an error. */
void writer_part(PyObject *writer);

/* Readied by the module. */
extern PyTypeObject writer_type;

#endif
