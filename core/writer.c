#include "writer.h"

#include "start_response.h"

#include <stddef.h>

/* A type of its own instead of a bound method: start_response can own its writer and use it for the
 * next request again, without a cycle of references between the two. */
struct writer {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    struct start_response *start; /* NULL: it is over */
};

static PyObject *write_body(struct start_response *start, PyObject *data)
{
    if (!PyBytes_Check(data)) {
        PyErr_Format(PyExc_TypeError, "write() takes bytes, not %.100s", Py_TYPE(data)->tp_name);
        return NULL;
    }
    if (start == NULL || start->sent) {
        PyErr_SetString(PyExc_AssertionError, "write() after the handler has returned");
        return NULL;
    }
    if (start->written == NULL)
        start->written = PyList_New(0);
    if (start->written == NULL || PyList_Append(start->written, data) != 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *writer_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                   PyObject *names)
{
    if (PyVectorcall_NARGS(flags) != 1 || (names != NULL && PyTuple_GET_SIZE(names) > 0)) {
        PyErr_SetString(PyExc_TypeError, "write() takes exactly one argument");
        return NULL;
    }
    return write_body(((struct writer *)self)->start, args[0]);
}

PyObject *writer_create(struct start_response *start)
{
    struct writer *writer = PyObject_New(struct writer, &writer_type);

    if (writer == NULL)
        return NULL;
    writer->vectorcall = writer_vectorcall;
    writer->start = start;
    return (PyObject *)writer;
}

void writer_part(PyObject *writer)
{
    ((struct writer *)writer)->start = NULL;
}

static void writer_dealloc(PyObject *self)
{
    PyObject_Free(self);
}

PyTypeObject writer_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.write",
    .tp_doc = "write(data): sends bytes ahead of what the handler returns.",
    .tp_basicsize = sizeof(struct writer),
    .tp_dealloc = writer_dealloc,
    .tp_vectorcall_offset = offsetof(struct writer, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};
