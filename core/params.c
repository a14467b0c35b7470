#include "params.h"

#include "character.h"
#include "limits.h"

/* Decodes into `scratch`, which has room for text.length bytes. */
static PyObject *decode(struct slice text, char *scratch)
{
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        int byte = character_decode_percent((struct slice){text.data + i, text.length - i});
        if (byte >= 0) {
            scratch[length++] = (char)byte;
            i += 2;
        } else {
            scratch[length++] = text.data[i] == '+' ? ' ' : text.data[i];
        }
    }
    return PyUnicode_DecodeUTF8(scratch, (Py_ssize_t)length, "replace");
}

static int add(PyObject *params, PyObject *name, PyObject *value)
{
    PyObject *values = PyDict_GetItemWithError(params, name);
    int status;

    if (values != NULL)
        return PyList_Append(values, value);
    if (PyErr_Occurred())
        return -1;
    values = PyList_New(1);
    if (values == NULL)
        return -1;
    PyList_SET_ITEM(values, 0, Py_NewRef(value));
    status = PyDict_SetItem(params, name, values);
    Py_DECREF(values);
    return status;
}

static int add_field(PyObject *params, struct slice field, char *scratch)
{
    const char *equals = field.length > 0 ? memchr(field.data, '=', field.length) : NULL;
    size_t name_length = equals != NULL ? (size_t)(equals - field.data) : field.length;
    size_t value_start = name_length + (equals != NULL);
    PyObject *name = decode((struct slice){field.data, name_length}, scratch);
    PyObject *value = decode((struct slice){field.data + value_start, field.length - value_start},
                             scratch);
    int status = name != NULL && value != NULL ? add(params, name, value) : -1;

    Py_XDECREF(name);
    Py_XDECREF(value);
    return status;
}

static int add_fields(PyObject *params, struct slice text, char *scratch)
{
    for (int i = 0; i < LIMIT_PARAMS; i++) {
        const char *end = text.length > 0 ? memchr(text.data, '&', text.length) : NULL;
        size_t length = end != NULL ? (size_t)(end - text.data) : text.length;
        if (add_field(params, (struct slice){text.data, length}, scratch) != 0)
            return -1;
        if (end == NULL)
            return 0;
        text = (struct slice){end + 1, text.length - length - 1};
    }
    return 0;
}

PyObject *params_parse(struct slice text)
{
    PyObject *params = PyDict_New();
    char *scratch;

    if (params == NULL || text.length == 0)
        return params;
    scratch = PyMem_Malloc(text.length);
    if (scratch == NULL) {
        Py_DECREF(params);
        return PyErr_NoMemory();
    }
    if (add_fields(params, text, scratch) != 0)
        Py_CLEAR(params);
    PyMem_Free(scratch);
    return params;
}

bool params_is_form(struct slice content_type)
{
    const char *semicolon = content_type.length > 0
                                ? memchr(content_type.data, ';', content_type.length)
                                : NULL;

    if (semicolon != NULL)
        content_type.length = (size_t)(semicolon - content_type.data);
    return slice_is(slice_trim(content_type), SLICE("application/x-www-form-urlencoded"));
}
