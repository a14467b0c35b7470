/* _fapws4.defer: calls that the app puts off until the requests that are there are answered. */
#ifndef FAPWS4_DEFERRED_H
#define FAPWS4_DEFERRED_H

#include <Python.h>
#include <uv.h>

/* defer(f, arg, combine=False) -> None. A module function, as the next: NULL with an error set. */
PyObject *deferred_add(PyObject *module, PyObject *args, PyObject *names);

/* defer_queue_size() -> int: the calls that are waiting. */
PyObject *deferred_count(PyObject *module, PyObject *ignored);

/* The calls are made on this loop, one in each of its turns. 0 or a UV_E code. */
int deferred_begin(uv_loop_t *loop);

/* Makes the calls that are waiting now, so that an orderly end loses none. */
void deferred_end(void);

#endif
