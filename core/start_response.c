#include "start_response.h"

#include "writer.h"

#include <stddef.h>
#include <structmember.h>

static struct start_response *start_response_of(PyObject *self)
{
    return (struct start_response *)self;
}

/* ---- the call ---- */

/* True when a pair of `list` has this name; names compare without regard to case. */
static int has_name(PyObject *list, PyObject *name)
{
    PyObject *wanted = PyObject_CallMethod(name, "lower", NULL);
    int found = wanted == NULL ? -1 : 0;

    for (Py_ssize_t i = 0; found == 0 && i < PyList_GET_SIZE(list); i++) {
        PyObject *pair = PyList_GET_ITEM(list, i);
        PyObject *lower = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2
                              ? PyObject_CallMethod(PyTuple_GET_ITEM(pair, 0), "lower", NULL)
                              : NULL;
        found = lower == NULL ? -1 : PyObject_RichCompareBool(lower, wanted, Py_EQ);
        Py_XDECREF(lower);
    }
    Py_XDECREF(wanted);
    if (found < 0 && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "response headers: wanted is a list of (name, value)");
    return found;
}

/* The earlier headers that the later ones do not replace, in front of these. */
static PyObject *merged(PyObject *earlier, PyObject *later)
{
    PyObject *all = PyList_New(0);

    for (Py_ssize_t i = 0; all != NULL && i < PyList_GET_SIZE(earlier); i++) {
        PyObject *pair = PyList_GET_ITEM(earlier, i);
        int replaced = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2
                           ? has_name(later, PyTuple_GET_ITEM(pair, 0))
                           : 0;
        if (replaced < 0 || (replaced == 0 && PyList_Append(all, pair) != 0))
            Py_CLEAR(all);
    }
    if (all != NULL && PyList_SetSlice(all, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, later) != 0)
        Py_CLEAR(all);
    return all;
}

/* New reference to a list: the argument itself when it is one, what is in it otherwise. */
static PyObject *list_of(struct start_response *self, PyObject *headers)
{
    if (PyList_Check(headers))
        return Py_NewRef(headers);
    if (self->strict) {
        PyErr_Format(PyExc_TypeError, "response headers must be a list, not %.100s",
                     Py_TYPE(headers)->tp_name);
        return NULL;
    }
    return PyDict_Check(headers) ? PyDict_Items(headers) : PySequence_List(headers);
}

/* The second call: legal with exc_info as long as nothing is sent (PEP 3333), which is raised
 * otherwise. PATHS handlers may also call again to change their mind: headers are merged. */
static int check_call(struct start_response *self, PyObject *exc_info)
{
    bool has_error = exc_info != NULL && exc_info != Py_None;

    if (self->sent && has_error && PyTuple_Check(exc_info) && PyTuple_GET_SIZE(exc_info) == 3) {
        PyErr_SetObject(PyTuple_GET_ITEM(exc_info, 0), PyTuple_GET_ITEM(exc_info, 1));
        return -1;
    }
    if (self->sent || (self->strict && self->status != NULL && !has_error)) {
        PyErr_SetString(PyExc_AssertionError, "start_response was called before");
        return -1;
    }
    return 0;
}

static int check_strictly(PyObject *status)
{
    if (PyUnicode_Check(status))
        return 0;
    PyErr_Format(PyExc_TypeError, "the status must be a str, not %.100s", Py_TYPE(status)->tp_name);
    return -1;
}

static PyObject *respond(struct start_response *self, PyObject *status, PyObject *headers,
                         PyObject *exc_info)
{
    PyObject *list;

    if (check_call(self, exc_info) != 0 || (self->strict && check_strictly(status) != 0))
        return NULL;
    list = list_of(self, headers);
    if (list != NULL && self->headers != NULL && !self->strict)
        Py_SETREF(list, merged(self->headers, list));
    if (list == NULL)
        return NULL;
    Py_XSETREF(self->headers, list);
    Py_XSETREF(self->status, Py_NewRef(status));
    if (exc_info != NULL)
        Py_XSETREF(self->exc_info, Py_NewRef(exc_info));
    if (self->writer == NULL)
        self->writer = writer_create(self);
    return Py_XNewRef(self->writer);
}

static PyObject *call_with_names(PyObject *self, PyObject *const *args, Py_ssize_t count,
                                 PyObject *names)
{
    static const char *const parameters[] = {"status", "response_headers", "exc_info"};
    PyObject *values[3] = {NULL, NULL, NULL};

    for (Py_ssize_t i = 0; i < count; i++)
        values[i] = args[i];
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        int at = 0;
        while (at < 3 && PyUnicode_CompareWithASCIIString(name, parameters[at]) != 0 &&
               !(at == 1 && PyUnicode_CompareWithASCIIString(name, "headers") == 0))
            at++;
        if (at == 3 || values[at] != NULL) {
            PyErr_Format(PyExc_TypeError, "start_response(): unexpected argument %R", name);
            return NULL;
        }
        values[at] = args[count + i];
    }
    if (values[0] == NULL || values[1] == NULL) {
        PyErr_SetString(PyExc_TypeError, "start_response() needs a status and headers");
        return NULL;
    }
    return respond(start_response_of(self), values[0], values[1], values[2]);
}

static PyObject *start_response_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                           PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(flags);

    if (count > 3) {
        PyErr_SetString(PyExc_TypeError, "start_response() takes at most 3 arguments");
        return NULL;
    }
    if (names != NULL && PyTuple_GET_SIZE(names) > 0)
        return call_with_names(self, args, count, names);
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "start_response() needs a status and headers");
        return NULL;
    }
    return respond(start_response_of(self), args[0], args[1], count == 3 ? args[2] : NULL);
}

/* ---- the object ---- */

static PyObject *start_response_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    struct start_response *self = (struct start_response *)type->tp_alloc(type, 0);

    (void)args;
    (void)names;
    if (self != NULL)
        self->vectorcall = start_response_vectorcall;
    return (PyObject *)self;
}

static int start_response_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct start_response *self = start_response_of(object);

    Py_VISIT(self->status);
    Py_VISIT(self->headers);
    Py_VISIT(self->cookies);
    Py_VISIT(self->exc_info);
    Py_VISIT(self->written);
    return 0;
}

static int start_response_clear(PyObject *object)
{
    struct start_response *self = start_response_of(object);

    Py_CLEAR(self->status);
    Py_CLEAR(self->headers);
    Py_CLEAR(self->cookies);
    Py_CLEAR(self->exc_info);
    Py_CLEAR(self->written);
    return 0;
}

static void drop_writer(struct start_response *self)
{
    if (self->writer != NULL)
        writer_part(self->writer);
    Py_CLEAR(self->writer);
}

void start_response_reset(struct start_response *self)
{
    start_response_clear((PyObject *)self);
    self->sent = false;
    if (self->writer != NULL && Py_REFCNT(self->writer) > 1) /* the app has kept it */
        drop_writer(self);
}

static void start_response_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    start_response_clear(self);
    drop_writer(start_response_of(self));
    Py_TYPE(self)->tp_free(self);
}

static PyObject *get_headers(PyObject *self, void *closure)
{
    (void)closure;
    if (start_response_of(self)->headers == NULL)
        start_response_of(self)->headers = PyList_New(0);
    return Py_XNewRef(start_response_of(self)->headers);
}

static int set_headers(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL || !PyList_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "headers must be a list of (name, value)");
        return -1;
    }
    Py_XSETREF(start_response_of(self)->headers, Py_NewRef(value));
    return 0;
}

static PyGetSetDef start_response_properties[] = {
    {"headers", get_headers, set_headers, "The response headers: a list of (name, value).", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define FIELD(name, doc) {#name, T_OBJECT, offsetof(struct start_response, name), 0, doc}

static PyMemberDef start_response_members[] = {
    FIELD(status, "The status, for example '404 Not Found' or 404; None means 200."),
    FIELD(cookies, "A http.cookies.SimpleCookie, or None."),
    FIELD(exc_info, "What was given as exc_info, or None."),
    {"sent", T_BOOL, offsetof(struct start_response, sent), READONLY,
     "True once the head of the response cannot be changed any more."},
    {NULL, 0, 0, 0, NULL},
};

#undef FIELD

PyTypeObject start_response_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.StartResponse",
    .tp_doc = "start_response(status, headers, exc_info=None) -> write: begins the response.",
    .tp_basicsize = sizeof(struct start_response),
    .tp_dealloc = start_response_dealloc,
    .tp_vectorcall_offset = offsetof(struct start_response, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
                Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_traverse = start_response_traverse,
    .tp_clear = start_response_clear,
    .tp_members = start_response_members,
    .tp_getset = start_response_properties,
    .tp_new = start_response_new,
};
