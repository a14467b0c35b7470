/* Whether a dict was changed while somebody else had it. One dict at a time. */
#ifndef FAPWS4_DICT_WATCH_H
#define FAPWS4_DICT_WATCH_H

#include <Python.h>
#include <stdbool.h>

/* False when nothing may be watched: this Python has no watcher left, or no global lock, so that
 * another thread could change the dict while it is looked at. */
bool dict_watch_init(void);
void dict_watch_finish(void);

/* From now on. */
void dict_watch_begin(PyObject *dict);

/* True when something was set to another value, added or deleted since; putting it back changes nothing. */
bool dict_watch_end(PyObject *dict);

#endif
