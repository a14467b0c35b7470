/* The first argument of every handler: a dict that describes the request (PEP 3333, RFC 3875), with
 * the fapws.* keys for PATHS handlers. */
#ifndef FAPWS4_ENVIRON_H
#define FAPWS4_ENVIRON_H

#include "request.h"
#include "visitor.h"

#include <Python.h>

/* Makes the keys and the values that never change. `multiprocess`: other processes serve the same
 * app; `secure`: clients speak https. 0, or -1 with an error set. */
int environ_init(bool multiprocess, bool secure);
void environ_finish(void);

/* What all requests to one route have in common; requests get copies of it. `script_name` is the
 * prefix, latin-1. `strict`: exactly PEP 3333, for a WSGI application. New reference, NULL with an
 * error set. */
PyObject *environ_template(PyObject *script_name, PyObject *server_name, PyObject *server_port,
                           bool strict);

/* The parts of an environ, set in a copy of the template; 0, or -1 with an error set. In the template the
 * method is GET and the path environ_usual_path. */
struct slice environ_usual_path(bool strict);
int environ_set_method(PyObject *env, struct slice method);
int environ_set_path(PyObject *env, struct slice path);
int environ_set_visitor(PyObject *env, const struct visitor *visitor, bool strict);
int environ_set_request(PyObject *env, const struct request *request, bool strict);
int environ_set_uri(PyObject *env, const struct request *request, bool strict);
int environ_set_headers(PyObject *env, const struct request *request, bool strict);

/* Takes out again what environ_set_request and environ_set_uri have set for a request of HTTP/1.1 whose
 * body, if any, has a length and lies in memory. 0, or -1 with an error set. */
int environ_unset(PyObject *env, const struct request *request, bool strict);

#endif
