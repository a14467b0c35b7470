#include "response_head.h"

#include "head_cache.h"

/* The bytes of a native string of PEP 3333: a str of characters below 256. `*owner` keeps them
 * alive. */
static int native_text(PyObject *text, struct slice *slice, PyObject **owner)
{
    Py_ssize_t length;

    if (PyUnicode_Check(text) && PyUnicode_IS_ASCII(text)) {
        Py_INCREF(text);
        *owner = text;
        slice->data = PyUnicode_AsUTF8AndSize(text, &length);
    } else {
        PyObject *plain = PyUnicode_Check(text) ? Py_NewRef(text) : PyObject_Str(text);
        *owner = plain != NULL ? PyUnicode_AsLatin1String(plain) : NULL;
        Py_XDECREF(plain);
        if (*owner == NULL)
            return -1;
        slice->data = PyBytes_AS_STRING(*owner);
        length = PyBytes_GET_SIZE(*owner);
    }
    slice->length = (size_t)length;
    return slice->data == NULL ? -1 : 0;
}

static int add_field(struct response *response, PyObject *name, PyObject *value)
{
    struct slice name_text, value_text;
    PyObject *name_owner = NULL, *value_owner = NULL;
    int status = -1;

    if (native_text(name, &name_text, &name_owner) == 0 &&
        native_text(value, &value_text, &value_owner) == 0) {
        status = response_field(response, name_text, value_text) ? 0 : -1;
        if (status != 0)
            PyErr_Format(PyExc_ValueError, "response header %R: %R cannot be sent", name, value);
    }
    Py_XDECREF(name_owner);
    Py_XDECREF(value_owner);
    return status;
}

static int fill_status(struct start_response *start, struct response *response)
{
    struct slice text = SLICE("200 OK");
    PyObject *owner = NULL;
    int status = 0;

    if (start->status != NULL && native_text(start->status, &text, &owner) != 0)
        status = -1;
    else if (!response_status(response, text)) {
        PyErr_Format(PyExc_ValueError, "response status %R: wanted is a text like '404 Not Found'",
                     start->status);
        status = -1;
    }
    Py_XDECREF(owner);
    return status;
}

static int fill_headers(struct start_response *start, struct response *response)
{
    for (Py_ssize_t i = 0; start->headers != NULL && i < PyList_GET_SIZE(start->headers); i++) {
        PyObject *pair = PyList_GET_ITEM(start->headers, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_Format(PyExc_TypeError, "response header %R: wanted is (name, value)", pair);
            return -1;
        }
        if (add_field(response, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1)) != 0)
            return -1;
    }
    return 0;
}

static int fill_cookie(PyObject *morsel, struct response *response)
{
    PyObject *name = PyUnicode_FromString("Set-Cookie");
    PyObject *text = name != NULL ? PyObject_CallMethod(morsel, "OutputString", NULL) : NULL;
    int status = text != NULL ? add_field(response, name, text) : -1;

    Py_XDECREF(name);
    Py_XDECREF(text);
    return status;
}

static int fill_cookies(struct start_response *start, struct response *response)
{
    PyObject *morsels;
    int status = 0;

    if (start->cookies == NULL || start->cookies == Py_None)
        return 0;
    morsels = PyMapping_Values(start->cookies);
    if (morsels == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(morsels) && status == 0; i++)
        status = fill_cookie(PyList_GET_ITEM(morsels, i), response);
    Py_DECREF(morsels);
    return status;
}

int response_head_fill(struct start_response *start, struct response *response)
{
    if (start->strict && start->status == NULL) {
        PyErr_SetString(PyExc_AssertionError, "the application did not call start_response");
        return -1;
    }
    start->sent = true;
    if (!head_cache_recall(start, response)) {
        if (fill_status(start, response) != 0 || fill_headers(start, response) != 0)
            return -1;
        head_cache_keep(start, response);
    }
    return fill_cookies(start, response);
}
