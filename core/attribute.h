/* Attributes that an object may have or not. */
#ifndef FAPWS4_ATTRIBUTE_H
#define FAPWS4_ATTRIBUTE_H

#include <Python.h>

/* New reference; NULL without an error when there is none, or when it cannot be had. `name` should be
 * interned. An AttributeError, which costs some 4,000 instructions, is not even made by most types. */
static inline PyObject *attribute_find(PyObject *object, PyObject *name)
{
    PyObject *value = NULL;

#if PY_VERSION_HEX >= 0x030D0000
    if (PyObject_GetOptionalAttr(object, name, &value) < 0)
#else
    if (_PyObject_LookupAttr(object, name, &value) < 0)
#endif
        PyErr_Clear();
    return value;
}

#endif
