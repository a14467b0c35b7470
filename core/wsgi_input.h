/* _fapws4.Input: the request body as the file object `wsgi.input` of PEP 3333. */
#ifndef FAPWS4_WSGI_INPUT_H
#define FAPWS4_WSGI_INPUT_H

#include <Python.h>

extern PyTypeObject wsgi_input_type;

/* An Input over `body` (bytes, not NULL), positioned at its start. New reference, NULL with an
 * error set. */
PyObject *wsgi_input_create(PyObject *body);

#endif
