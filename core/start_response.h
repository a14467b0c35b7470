/* _fapws4.StartResponse: the second argument of every handler (PEP 3333).
 * fapws4.base.Start_response adds the names that fapws apps know (status_code, set_cookie, ...) in
 * Python. */
#ifndef FAPWS4_START_RESPONSE_H
#define FAPWS4_START_RESPONSE_H

#include <Python.h>
#include <stdbool.h>

struct start_response {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *status;   /* str or int; NULL until it is called: 200 OK */
    PyObject *headers;  /* list of pairs, or NULL */
    PyObject *cookies;  /* mapping of name to http.cookies.Morsel, or NULL */
    PyObject *exc_info; /* as given, or NULL */
    PyObject *written;  /* list of bytes given to write(), or NULL */
    PyObject *writer;   /* what the call returns; NULL until then */
    bool strict;        /* PEP 3333 to the letter: for WSGI applications, not for PATHS */
    bool sent;          /* the head is on its way; it cannot be changed any more */
};

extern PyTypeObject start_response_type;

/* As new. */
void start_response_reset(struct start_response *self);

#endif
