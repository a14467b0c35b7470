/* What the server says on stderr about an app that failed. */
#ifndef FAPWS4_REPORT_H
#define FAPWS4_REPORT_H

#include <Python.h>

/* Takes the current Python exception and writes one line with `what` (a str), then the traceback.
 * SystemExit is an exception like others here. New reference to the exception, NULL if there was
 * none. */
PyObject *report_exception(PyObject *what);

/* The traceback of an exception as text (str), for a client that may see it. New reference; NULL
 * without an error set when it cannot be made. */
PyObject *report_traceback(PyObject *exception);

#endif
