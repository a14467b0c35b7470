/* _fapws4.Input: the request body as the file object `wsgi.input` of PEP 3333. */
#ifndef FAPWS4_WSGI_INPUT_H
#define FAPWS4_WSGI_INPUT_H

#include <Python.h>
#include <stdbool.h>

extern PyTypeObject wsgi_input_type;

/* An Input over `body` (bytes, not NULL), positioned at its start. New reference, NULL with an
 * error set. */
PyObject *wsgi_input_create(PyObject *body);

/* The optional argument of read() and the like; None and no argument mean everything (-1). False with
 * an error set. */
bool wsgi_input_size(PyObject *const *args, Py_ssize_t count, Py_ssize_t *size);

/* A list of the lines (bytes) that an iterator gives, until they have `hint` bytes together; 0 or less:
 * all. New reference, NULL with an error set. */
PyObject *wsgi_input_lines(PyObject *input, Py_ssize_t hint);

#endif
