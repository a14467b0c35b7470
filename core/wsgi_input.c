#include "wsgi_input.h"

/* Immutable bytes and a position: an empty Input has no state that a request could leave behind, so
 * that all requests without a body share one. */
struct wsgi_input {
    PyObject_HEAD
    PyObject *body;
    Py_ssize_t position;
};

static struct wsgi_input *input_of(PyObject *self)
{
    return (struct wsgi_input *)self;
}

/* The next `length` bytes, or all that are left when it is negative or larger. */
static PyObject *take(struct wsgi_input *input, Py_ssize_t length)
{
    Py_ssize_t left = PyBytes_GET_SIZE(input->body) - input->position;
    const char *start = PyBytes_AS_STRING(input->body) + input->position;

    if (length < 0 || length > left)
        length = left;
    if (length == PyBytes_GET_SIZE(input->body)) {
        input->position += length;
        Py_INCREF(input->body);
        return input->body;
    }
    input->position += length;
    return PyBytes_FromStringAndSize(start, length);
}

bool wsgi_input_size(PyObject *const *args, Py_ssize_t count, Py_ssize_t *size)
{
    *size = -1;
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "at most one argument is expected");
        return false;
    }
    if (count == 0 || args[0] == Py_None)
        return true;
    *size = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    return *size != -1 || !PyErr_Occurred();
}

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t size;

    return wsgi_input_size(args, count, &size) ? take(input_of(self), size) : NULL;
}

static PyObject *take_line(struct wsgi_input *input, Py_ssize_t limit)
{
    Py_ssize_t left = PyBytes_GET_SIZE(input->body) - input->position;
    const char *start = PyBytes_AS_STRING(input->body) + input->position;
    const char *end;

    if (limit < 0 || limit > left)
        limit = left;
    end = limit > 0 ? memchr(start, '\n', (size_t)limit) : NULL;
    return take(input, end != NULL ? end - start + 1 : limit);
}

static PyObject *input_readline(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t size;

    return wsgi_input_size(args, count, &size) ? take_line(input_of(self), size) : NULL;
}

PyObject *wsgi_input_lines(PyObject *input, Py_ssize_t hint)
{
    iternextfunc next = Py_TYPE(input)->tp_iternext;
    PyObject *lines = PyList_New(0), *line = NULL;
    Py_ssize_t taken = 0;
    int status = 0;

    while (lines != NULL && status == 0 && (hint <= 0 || taken < hint) &&
           (line = next(input)) != NULL) {
        status = PyList_Append(lines, line);
        taken += PyBytes_GET_SIZE(line);
        Py_DECREF(line);
    }
    if (PyErr_Occurred())
        Py_CLEAR(lines);
    return lines;
}

static PyObject *input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t hint;

    return wsgi_input_size(args, count, &hint) ? wsgi_input_lines(self, hint) : NULL;
}

static PyObject *input_readinto(PyObject *self, PyObject *object)
{
    struct wsgi_input *input = input_of(self);
    Py_ssize_t length = PyBytes_GET_SIZE(input->body) - input->position;
    Py_buffer target;

    if (PyObject_GetBuffer(object, &target, PyBUF_WRITABLE) != 0)
        return NULL;
    if (length > target.len)
        length = target.len;
    memcpy(target.buf, PyBytes_AS_STRING(input->body) + input->position, (size_t)length);
    input->position += length;
    PyBuffer_Release(&target);
    return PyLong_FromSsize_t(length);
}

static PyObject *input_getvalue(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    Py_INCREF(input_of(self)->body);
    return input_of(self)->body;
}

static PyObject *input_iternext(PyObject *self)
{
    PyObject *line = take_line(input_of(self), -1);

    if (line != NULL && PyBytes_GET_SIZE(line) == 0)
        Py_CLEAR(line);
    return line;
}

static void input_dealloc(PyObject *self)
{
    Py_XDECREF(input_of(self)->body);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef input_methods[] = {
    {"read", (PyCFunction)(void (*)(void))input_read, METH_FASTCALL,
     "read(size=-1) -> bytes: at most size bytes; b'' at the end."},
    {"readline", (PyCFunction)(void (*)(void))input_readline, METH_FASTCALL,
     "readline(size=-1) -> bytes: up to and with the next newline."},
    {"readlines", (PyCFunction)(void (*)(void))input_readlines, METH_FASTCALL,
     "readlines(hint=-1) -> list of bytes: the lines that are left."},
    {"readinto", input_readinto, METH_O,
     "readinto(buffer) -> int: fills it as far as there is something left."},
    {"getvalue", input_getvalue, METH_NOARGS, "getvalue() -> bytes: the whole body, read or not."},
    {NULL, NULL, 0, NULL},
};

PyTypeObject wsgi_input_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.Input",
    .tp_doc = "The body of a request; read-only, whole in memory.",
    .tp_basicsize = sizeof(struct wsgi_input),
    .tp_dealloc = input_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = input_iternext,
    .tp_methods = input_methods,
};

PyObject *wsgi_input_create(PyObject *body)
{
    struct wsgi_input *input = PyObject_New(struct wsgi_input, &wsgi_input_type);

    if (input == NULL)
        return NULL;
    Py_INCREF(body);
    input->body = body;
    input->position = 0;
    return (PyObject *)input;
}
