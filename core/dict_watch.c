#include "dict_watch.h"

#if PY_VERSION_HEX >= 0x030C0000

static int watcher = -1;
static PyObject *watched;
static bool changed;

/* Every dict that was ever watched is reported, as long as it lives. */
static int on_event(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *value)
{
    (void)event;
    (void)key;
    (void)value;
    changed = changed || dict == watched;
    return 0;
}

bool dict_watch_init(void)
{
#ifdef Py_GIL_DISABLED
    return false;
#endif
    watcher = PyDict_AddWatcher(on_event);
    if (watcher < 0)
        PyErr_Clear();
    return watcher >= 0;
}

void dict_watch_finish(void)
{
    if (watcher >= 0 && PyDict_ClearWatcher(watcher) != 0)
        PyErr_Clear();
    watcher = -1;
}

void dict_watch_begin(PyObject *dict)
{
    changed = PyDict_Watch(watcher, dict) != 0;
    if (changed)
        PyErr_Clear();
    watched = dict;
}

bool dict_watch_end(PyObject *dict)
{
    (void)dict;
    watched = NULL;
    return changed;
}

#else

static uint64_t version;

bool dict_watch_init(void)
{
    return true;
}

void dict_watch_finish(void)
{
}

/* PEP 509: no two states of any dicts have the same. */
static uint64_t version_of(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_version_tag;
}

void dict_watch_begin(PyObject *dict)
{
    version = version_of(dict);
}

bool dict_watch_end(PyObject *dict)
{
    return version_of(dict) != version;
}

#endif
