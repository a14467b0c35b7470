#include "stream.h"

#include "report.h"

#include <stddef.h>
#include <structmember.h>

struct stream {
    PyObject_HEAD
    struct channel *channel;
    PyObject *on_gone, *on_drain;
    bool taken;  /* by a response */
    bool closed; /* nothing more can be written */
    bool gone;   /* ... because there is nobody to write to */
    bool full;   /* write() has answered False, on_drain is due */
};

static struct stream *stream_of(PyObject *self)
{
    return (struct stream *)self;
}

/* ---- for the server ---- */

static void call(PyObject *callback, const char *name)
{
    PyObject *done, *what;

    if (callback == NULL || callback == Py_None)
        return;
    Py_INCREF(callback);
    done = PyObject_CallNoArgs(callback);
    if (done == NULL) {
        what = PyUnicode_FromFormat("Stream.%s %R", name, callback);
        if (what != NULL)
            Py_XDECREF(report_exception(what));
        Py_XDECREF(what);
        PyErr_Clear();
    }
    Py_XDECREF(done);
    Py_DECREF(callback);
}

int stream_take(PyObject *self)
{
    if (stream_of(self)->taken) {
        PyErr_SetString(PyExc_RuntimeError, "a Stream can be returned once");
        return -1;
    }
    stream_of(self)->taken = true;
    return 0;
}

enum writing stream_read(PyObject *self, struct slice *piece)
{
    struct stream *stream = stream_of(self);
    enum writing writing = channel_read(stream->channel, piece);

    if (writing != LATER || !stream->full)
        return writing;
    stream->full = false;
    call(stream->on_drain, "on_drain");
    return channel_read(stream->channel, piece);
}

struct channel *stream_channel(PyObject *self)
{
    return stream_of(self)->channel;
}

static void tell_gone(struct stream *stream)
{
    if (stream->closed)
        return;
    stream->closed = stream->gone = true;
    call(stream->on_gone, "on_gone");
}

void stream_leave(PyObject *self)
{
    channel_abandon(stream_of(self)->channel);
    tell_gone(stream_of(self));
}

void stream_end(PyObject *self)
{
    channel_end(stream_of(self)->channel, false);
    tell_gone(stream_of(self));
}

/* ---- for the app ---- */

static int bytes_of(PyObject *data, struct slice *bytes)
{
    Py_ssize_t length;

    if (PyBytes_Check(data)) {
        *bytes = (struct slice){PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data)};
        return 0;
    }
    if (!PyUnicode_Check(data)) {
        PyErr_Format(PyExc_TypeError, "write() takes bytes or str, not %.100s",
                     Py_TYPE(data)->tp_name);
        return -1;
    }
    bytes->data = PyUnicode_AsUTF8AndSize(data, &length);
    bytes->length = (size_t)length;
    return bytes->data != NULL ? 0 : -1;
}

static PyObject *stream_write(PyObject *self, PyObject *data)
{
    struct stream *stream = stream_of(self);
    struct slice bytes;
    size_t waiting;

    if (bytes_of(data, &bytes) != 0)
        return NULL;
    if (stream->gone)
        return PyErr_Format(PyExc_BrokenPipeError, "write(): the client has gone");
    if (stream->closed)
        return PyErr_Format(PyExc_ValueError, "write() to a closed Stream");
    waiting = channel_waiting(stream->channel);
    if (waiting > 0 && waiting + bytes.length > LIMIT_STREAM_MOST)
        return PyErr_Format(PyExc_BufferError, "write(): %zu bytes wait for the client already",
                            waiting);
    if (!channel_write(stream->channel, bytes))
        return PyErr_NoMemory();
    stream->full |= waiting + bytes.length >= LIMIT_STREAM;
    return PyBool_FromLong(!stream->full);
}

static PyObject *stream_close(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    stream_of(self)->closed = true;
    channel_end(stream_of(self)->channel, false);
    Py_RETURN_NONE;
}

static PyObject *stream_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *parameters[] = {"on_gone", "on_drain", NULL};
    PyObject *on_gone = NULL, *on_drain = NULL;
    struct stream *self;

    if (!PyArg_ParseTupleAndKeywords(args, names, "|OO:Stream", parameters, &on_gone, &on_drain))
        return NULL;
    self = (struct stream *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->on_gone = Py_XNewRef(on_gone);
    self->on_drain = Py_XNewRef(on_drain);
    self->channel = channel_create();
    if (self->channel != NULL)
        return (PyObject *)self;
    Py_DECREF(self);
    return PyErr_NoMemory();
}

static int stream_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(stream_of(self)->on_gone);
    Py_VISIT(stream_of(self)->on_drain);
    return 0;
}

static int stream_clear(PyObject *self)
{
    Py_CLEAR(stream_of(self)->on_gone);
    Py_CLEAR(stream_of(self)->on_drain);
    return 0;
}

static void stream_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    stream_clear(self);
    channel_release(stream_of(self)->channel);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef stream_methods[] = {
    {"write", stream_write, METH_O,
     "write(data) -> bool: sends bytes or str. False: the client is slow, wait for on_drain."},
    {"close", stream_close, METH_NOARGS, "close(): ends the body; what was written is still sent."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef stream_members[] = {
    {"closed", T_BOOL, offsetof(struct stream, closed), READONLY,
     "True once nothing more can be written."},
    {"on_gone", T_OBJECT, offsetof(struct stream, on_gone), 0,
     "Called without arguments when the client has gone before close()."},
    {"on_drain", T_OBJECT, offsetof(struct stream, on_drain), 0,
     "Called without arguments when, after write() was False, everything is on its way."},
    {NULL, 0, 0, 0, NULL},
};

PyTypeObject stream_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.Stream",
    .tp_doc = "Stream(on_gone=None, on_drain=None): a body that is written after the handler has "
              "returned it, from anywhere: a timer, another request, a thread.",
    .tp_basicsize = sizeof(struct stream),
    .tp_dealloc = stream_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = stream_traverse,
    .tp_clear = stream_clear,
    .tp_methods = stream_methods,
    .tp_members = stream_members,
    .tp_new = stream_new,
};
