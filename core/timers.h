/* _fapws4.Timer and _fapws4.add_timer: the app's functions, called again and again by the loop. */
#ifndef FAPWS4_TIMERS_H
#define FAPWS4_TIMERS_H

#include <Python.h>
#include <uv.h>

extern PyTypeObject timer_type;

/* add_timer(seconds, f) -> Timer. A module function: new reference, NULL with an error set. */
PyObject *timers_add(PyObject *module, PyObject *args, PyObject *names);

/* Timers run on this loop; those that were added before wait in errands.h. */
void timers_begin(uv_loop_t *loop);

/* Stops all of them. The loop must turn once more to free their handles. */
void timers_end(void);

#endif
