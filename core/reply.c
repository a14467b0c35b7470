#include "reply.h"

#include "attribute.h"
#include "cached_file.h"
#include "file_wrapper.h"
#include "limits.h"
#include "report.h"
#include "stream.h"
#include "threaded.h"

#include <stdlib.h>
#include <sys/stat.h>

struct reply {
    PyObject *source;   /* what the handler returned: its close() ends the reply */
    PyObject *read;     /* of a file, else NULL */
    PyObject *iterator; /* of anything else, else NULL */
    PyObject *piece;    /* the bytes given out last */
    struct subject subject; /* its text is the reply's own */
    bool strict;
    PyObject *stream;   /* a held reply's, else NULL */
    struct job *job;    /* a thread's, else NULL */
};

static PyObject *read_name, *close_name;

int reply_init(void)
{
    read_name = PyUnicode_InternFromString("read");
    close_name = PyUnicode_InternFromString("close");
    return read_name != NULL && close_name != NULL ? 0 : -1;
}

void reply_finish(void)
{
    Py_CLEAR(read_name);
    Py_CLEAR(close_name);
}

/* ---- one piece ---- */

/* The bytes of a str (UTF-8) or bytes object, valid as long as it is. */
static int text_of(PyObject *object, bool strict, struct slice *text)
{
    Py_ssize_t length;

    if (PyBytes_Check(object)) {
        *text = (struct slice){PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object)};
        return 0;
    }
    if (!PyUnicode_Check(object) || strict) {
        PyErr_Format(PyExc_TypeError, "a body is made of %s, not %.100s",
                     strict ? "bytes" : "str and bytes", Py_TYPE(object)->tp_name);
        return -1;
    }
    text->data = PyUnicode_AsUTF8AndSize(object, &length);
    text->length = (size_t)length;
    return text->data != NULL ? 0 : -1;
}

static void note_type(struct response *response, PyObject *object)
{
    response->is_text |= PyUnicode_Check(object) != 0;
}

/* ---- whole bodies ---- */

static int join(PyObject *const *items, Py_ssize_t count, bool strict, struct buffer *joined,
                struct response *response)
{
    struct slice text;

    if (count == 1) {
        note_type(response, items[0]);
        return text_of(items[0], strict, &response->body) == 0 ? 1 : -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (text_of(items[i], strict, &text) != 0)
            return -1;
        note_type(response, items[i]);
        buffer_append_slice(joined, text);
    }
    if (joined->failed) {
        PyErr_NoMemory();
        return -1;
    }
    response->body = (struct slice){joined->data, joined->length};
    return 1;
}

int reply_whole(PyObject *result, bool strict, struct buffer *joined, struct response *response)
{
    response->whole = true;
    if (PyList_CheckExact(result))
        return join(PySequence_Fast_ITEMS(result), PyList_GET_SIZE(result), strict, joined,
                    response);
    if (PyTuple_CheckExact(result))
        return join(PySequence_Fast_ITEMS(result), PyTuple_GET_SIZE(result), strict, joined,
                    response);
    if (!strict && result == Py_None)
        return 1;
    if (!strict && (PyBytes_Check(result) || PyUnicode_Check(result)))
        return join(&result, 1, strict, joined, response);
    response->whole = false;
    return 0;
}

bool reply_is_immediate(PyObject *result)
{
    return PyList_CheckExact(result) || PyTuple_CheckExact(result) || PyBytes_Check(result) ||
           PyUnicode_Check(result) || result == Py_None || Py_IS_TYPE(result, &stream_type);
}

/* ---- bodies that come later ---- */

struct reply *reply_of_job(struct job *job)
{
    struct reply *reply = calloc(1, sizeof(*reply));

    if (reply != NULL) {
        reply->job = job;
        return reply;
    }
    job_leave(job);
    PyErr_NoMemory();
    return NULL;
}

struct job *reply_job(const struct reply *reply)
{
    return reply->job;
}

PyObject *reply_stream(const struct reply *reply)
{
    return reply->stream;
}

struct channel *reply_channel(const struct reply *reply)
{
    return reply->job != NULL ? job_channel(reply->job) : stream_channel(reply->stream);
}

/* ---- bodies in pieces ---- */

/* Finds out how to take pieces from the source; -1 with an error set when it has none to give. */
static int find_pieces(struct reply *reply)
{
    reply->read = attribute_find(reply->source, read_name);
    if (reply->read != NULL)
        return 0;
    if (!PyDict_Check(reply->source))
        reply->iterator = PyObject_GetIter(reply->source);
    if (reply->iterator != NULL)
        return 0;
    PyErr_Format(PyExc_TypeError,
                 "a handler returns str, bytes, a list, a file or an iterable, not %.100s",
                 Py_TYPE(reply->source)->tp_name);
    return -1;
}

struct reply *reply_create(PyObject *result, bool strict, const struct subject *subject)
{
    struct reply *reply = calloc(1, sizeof(*reply));
    PyObject *type, *value, *traceback;

    if (reply == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    reply->strict = strict;
    reply->source = Py_NewRef(cached_file_content(file_wrapper_content(result)));
    reply->subject = *subject;
    Py_XINCREF(subject->text);
    if (!Py_IS_TYPE(result, &stream_type)) {
        if (find_pieces(reply) == 0)
            return reply;
    } else if (stream_take(result) == 0) {
        reply->stream = result;
        return reply;
    }
    PyErr_Fetch(&type, &value, &traceback); /* close() must not run with an error set */
    if (Py_IS_TYPE(result, &stream_type)) /* another response's: it is not to be closed */
        Py_SETREF(reply->source, Py_NewRef(Py_None));
    reply_destroy(reply);
    PyErr_Restore(type, value, traceback);
    return NULL;
}

int reply_outlive(struct reply *reply)
{
    return subject_text(&reply->subject) != NULL ? 0 : -1;
}

static PyObject *take_piece(struct reply *reply)
{
    PyObject *size, *piece;

    if (reply->read == NULL)
        return PyIter_Next(reply->iterator);
    size = PyLong_FromLong(LIMIT_FILE_BLOCK);
    piece = size != NULL ? PyObject_CallFunctionObjArgs(reply->read, size, NULL) : NULL;
    Py_XDECREF(size);
    return piece;
}

enum writing reply_next(struct reply *reply, struct slice *piece)
{
    PyObject *taken;

    if (reply->stream != NULL)
        return stream_read(reply->stream, piece);
    if (reply->job != NULL)
        return channel_read(job_channel(reply->job), piece);
    taken = take_piece(reply);
    Py_XSETREF(reply->piece, taken);
    if (taken == NULL)
        return PyErr_Occurred() ? BROKEN : DONE;
    if (text_of(taken, reply->strict, piece) != 0)
        return BROKEN;
    return reply->read != NULL && piece->length == 0 ? DONE : MORE;
}

bool reply_is_text(const struct reply *reply)
{
    return reply->piece != NULL && PyUnicode_Check(reply->piece);
}

void reply_report(struct reply *reply)
{
    PyObject *type, *value, *traceback, *what;

    PyErr_Fetch(&type, &value, &traceback);
    what = subject_text(&reply->subject);
    PyErr_Restore(type, value, traceback);
    if (what != NULL)
        Py_XDECREF(report_exception(what));
    PyErr_Clear();
}

/* What read() of these gives is what lies in the file. */
static bool is_plain_file(PyObject *source)
{
    const char *name = Py_TYPE(source)->tp_name;
    PyObject *raw;
    bool plain;

    if (strcmp(name, "_io.FileIO") == 0)
        return true;
    if (strcmp(name, "_io.BufferedReader") != 0 && strcmp(name, "_io.BufferedRandom") != 0)
        return false;
    raw = PyObject_GetAttrString(source, "raw");
    plain = raw != NULL && strcmp(Py_TYPE(raw)->tp_name, "_io.FileIO") == 0;
    Py_XDECREF(raw);
    return plain;
}

/* False without an error, or with one. */
static bool part_of_file(PyObject *source, struct file_part *part)
{
    PyObject *at = PyObject_CallMethod(source, "tell", NULL);
    long long offset = at != NULL ? PyLong_AsLongLong(at) : -1;
    struct stat status;

    Py_XDECREF(at);
    if (offset < 0)
        return false;
    part->descriptor = PyObject_AsFileDescriptor(source);
    if (part->descriptor < 0 || fstat(part->descriptor, &status) != 0 ||
        !S_ISREG(status.st_mode) || status.st_size <= offset)
        return false;
    part->offset = (uint64_t)offset;
    part->left = (uint64_t)(status.st_size - offset);
    return true;
}

/* An object of the package itself says it in a tuple: descriptor, first byte, number of bytes. */
static bool part_as_said(PyObject *source, struct file_part *part)
{
    PyObject *said = PyObject_GetAttrString(source, "fapws4_part");
    unsigned long long offset, left;
    bool fits = said != NULL && PyTuple_Check(said) &&
                PyArg_ParseTuple(said, "iKK", &part->descriptor, &offset, &left) != 0;

    Py_XDECREF(said);
    if (!fits)
        return false;
    part->offset = offset;
    part->left = left;
    return left > 0;
}

bool reply_file(const struct reply *reply, struct file_part *part)
{
    bool found = false;

    if (reply->read != NULL)
        found = is_plain_file(reply->source) ? part_of_file(reply->source, part)
                                             : part_as_said(reply->source, part);
    PyErr_Clear(); /* read() will say what is wrong */
    return found;
}

static void close_source(struct reply *reply)
{
    PyObject *close = attribute_find(reply->source, close_name); /* most iterables have none */
    PyObject *done = close != NULL ? PyObject_CallNoArgs(close) : NULL;

    if (close != NULL && done == NULL)
        reply_report(reply);
    Py_XDECREF(close);
    Py_XDECREF(done);
}

void reply_destroy(struct reply *reply)
{
    if (reply == NULL)
        return;
    if (reply->stream != NULL)
        stream_leave(reply->stream);
    else if (reply->job != NULL)
        job_leave(reply->job);
    else
        close_source(reply);
    Py_XDECREF(reply->read);
    Py_XDECREF(reply->iterator);
    Py_XDECREF(reply->piece);
    Py_XDECREF(reply->source);
    Py_XDECREF(reply->subject.text);
    free(reply);
}
