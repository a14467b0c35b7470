#include "block_input.h"

#include "spool.h"
#include "upload.h"
#include "wsgi_input.h"

#include <errno.h>

/* One of `spool` and `upload` is set. Whoever is `reading` may wait without Python held, and has the
 * rest to itself. */
struct block_input {
    PyObject_HEAD
    struct spool *spool;
    uint64_t size, offset; /* of the file: in all, and what has been read of it */
    struct upload *upload;
    struct buffer block;   /* what was read last, taken up to `position` */
    size_t position;
    bool reading;
};

static struct block_input *input_of(PyObject *self)
{
    return (struct block_input *)self;
}

/* ---- blocks; 1: there are bytes, 0: the body has ended, -1: an error is set ---- */

static int fail(int number, const char *text)
{
    PyObject *arguments = Py_BuildValue("(is)", number, text);

    if (arguments != NULL)
        PyErr_SetObject(PyExc_OSError, arguments); /* becomes TimeoutError and the like by itself */
    Py_XDECREF(arguments);
    return -1;
}

static int fail_to_read(ssize_t count)
{
    if (count == 0)
        return fail(EIO, "the file of the body has become shorter");
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

static int next_of_file(struct block_input *input)
{
    ssize_t count;

    if (input->offset == input->size)
        return 0;
    if (!buffer_reserve(&input->block, LIMIT_SPILL_BLOCK)) {
        PyErr_NoMemory();
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    count = spool_read(input->spool, input->block.data, LIMIT_SPILL_BLOCK, input->offset);
    Py_END_ALLOW_THREADS
    if (count <= 0)
        return fail_to_read(count);
    input->block.length = (size_t)count;
    input->offset += (uint64_t)count;
    return 1;
}

static int next_of_upload(struct block_input *input)
{
    enum upload_end end;

    Py_BEGIN_ALLOW_THREADS
    end = upload_read(input->upload, &input->block);
    Py_END_ALLOW_THREADS
    switch (end) {
    case UPLOAD_OPEN:
        return 1;
    case UPLOAD_WHOLE:
        return 0;
    case UPLOAD_GONE:
        return fail(ECONNRESET, "the client has gone before the end of the body");
    case UPLOAD_STALLED:
        return fail(ETIMEDOUT, "the client sends the body too slowly, or has ceased to");
    case UPLOAD_TOO_BIG:
        return fail(EFBIG, "the body is bigger than the handler's limit");
    case UPLOAD_FAULTY:
        return fail(EBADMSG, "the chunks of the body are malformed");
    case UPLOAD_ANSWERED:
        PyErr_SetString(PyExc_ValueError, "the request is answered, its body is gone");
        return -1;
    case UPLOAD_NO_MEMORY:
        break;
    }
    PyErr_NoMemory();
    return -1;
}

static int fill(struct block_input *input)
{
    if (input->position < input->block.length)
        return 1;
    input->position = input->block.length = 0;
    return input->spool != NULL ? next_of_file(input) : next_of_upload(input);
}

/* Up to `limit` bytes (negative: any number) of what is there, and with `line` not beyond the next
 * newline. They are taken. */
static struct slice take(struct block_input *input, Py_ssize_t limit, bool line)
{
    struct slice taken = {input->block.data + input->position,
                          input->block.length - input->position};
    const char *end;

    if (limit >= 0 && taken.length > (size_t)limit)
        taken.length = (size_t)limit;
    end = line ? memchr(taken.data, '\n', taken.length) : NULL;
    if (end != NULL)
        taken.length = (size_t)(end - taken.data) + 1;
    input->position += taken.length;
    return taken;
}

/* ---- bytes objects ---- */

/* How much to make room for at first: what is known to be there, and no more than a block on the word
 * of the client. */
static Py_ssize_t first_guess(const struct block_input *input, Py_ssize_t limit, bool line)
{
    uint64_t left = input->size - input->offset + (input->block.length - input->position);

    if (line || left < LIMIT_SPILL_BLOCK)
        left = line ? 256 : LIMIT_SPILL_BLOCK;
    return limit >= 0 && (uint64_t)limit < left ? limit : (Py_ssize_t)left;
}

/* Copies behind the first `length` bytes; `*bytes` is NULL after an error. */
static void append(PyObject **bytes, Py_ssize_t length, struct slice piece)
{
    Py_ssize_t size = PyBytes_GET_SIZE(*bytes), needed = length + (Py_ssize_t)piece.length;

    if (size < needed && _PyBytes_Resize(bytes, needed < 2 * size ? 2 * size : needed) != 0)
        return;
    memcpy(PyBytes_AS_STRING(*bytes) + length, piece.data, piece.length);
}

/* Up to `limit` bytes, or a line. What was taken before an error is lost: the body is, too. */
static PyObject *gather(struct block_input *input, Py_ssize_t limit, bool line)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, first_guess(input, limit, line));
    Py_ssize_t length = 0;
    int status = 1;

    while (bytes != NULL && (limit < 0 || length < limit) && (status = fill(input)) > 0) {
        struct slice piece = take(input, limit < 0 ? -1 : limit - length, line);
        append(&bytes, length, piece);
        length += (Py_ssize_t)piece.length;
        if (line && piece.data[piece.length - 1] == '\n')
            break;
    }
    if (status < 0)
        Py_CLEAR(bytes);
    if (bytes != NULL && PyBytes_GET_SIZE(bytes) != length)
        _PyBytes_Resize(&bytes, length);
    return bytes;
}

static bool claim(struct block_input *input)
{
    if (!input->reading)
        return input->reading = true;
    PyErr_SetString(PyExc_RuntimeError, "another thread is reading the body");
    return false;
}

static PyObject *gather_claimed(PyObject *self, Py_ssize_t limit, bool line)
{
    struct block_input *input = input_of(self);
    PyObject *bytes;

    if (!claim(input))
        return NULL;
    bytes = gather(input, limit, line);
    input->reading = false;
    return bytes;
}

/* ---- methods ---- */

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t size;

    return wsgi_input_size(args, count, &size) ? gather_claimed(self, size, false) : NULL;
}

static PyObject *input_readline(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t size;

    return wsgi_input_size(args, count, &size) ? gather_claimed(self, size, true) : NULL;
}

static PyObject *input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t hint;

    return wsgi_input_size(args, count, &hint) ? wsgi_input_lines(self, hint) : NULL;
}

static Py_ssize_t copy(struct block_input *input, Py_buffer *target)
{
    Py_ssize_t length = 0;
    int status = 1;

    while (length < target->len && (status = fill(input)) > 0) {
        struct slice piece = take(input, target->len - length, false);
        memcpy((char *)target->buf + length, piece.data, piece.length);
        length += (Py_ssize_t)piece.length;
    }
    return status < 0 ? -1 : length;
}

static PyObject *input_readinto(PyObject *self, PyObject *object)
{
    struct block_input *input = input_of(self);
    Py_buffer target;
    Py_ssize_t length = -1;

    if (PyObject_GetBuffer(object, &target, PyBUF_WRITABLE) != 0)
        return NULL;
    if (claim(input)) {
        length = copy(input, &target);
        input->reading = false;
    }
    PyBuffer_Release(&target);
    return length < 0 ? NULL : PyLong_FromSsize_t(length);
}

PyObject *block_input_whole(const struct spool *spool, size_t size)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    size_t length = 0;
    ssize_t count = 1;

    if (bytes == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (; length < size && count > 0; length += (size_t)count)
        count = spool_read(spool, PyBytes_AS_STRING(bytes) + length, size - length, length);
    Py_END_ALLOW_THREADS
    if (count <= 0) {
        fail_to_read(count);
        Py_CLEAR(bytes);
    }
    return bytes;
}

static PyObject *input_getvalue(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    if (input_of(self)->spool != NULL)
        return block_input_whole(input_of(self)->spool, (size_t)input_of(self)->size);
    PyErr_SetString(PyExc_ValueError, "the body is read as it arrives and not kept: read() it");
    return NULL;
}

static PyObject *input_iternext(PyObject *self)
{
    PyObject *line = gather_claimed(self, -1, true);

    if (line != NULL && PyBytes_GET_SIZE(line) == 0)
        Py_CLEAR(line);
    return line;
}

static void input_dealloc(PyObject *self)
{
    spool_release(input_of(self)->spool);
    upload_release(input_of(self)->upload);
    buffer_finish(&input_of(self)->block);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef input_methods[] = {
    {"read", (PyCFunction)(void (*)(void))input_read, METH_FASTCALL,
     "read(size=-1) -> bytes: size bytes; fewer, or b'', at the end of the body."},
    {"readline", (PyCFunction)(void (*)(void))input_readline, METH_FASTCALL,
     "readline(size=-1) -> bytes: up to and with the next newline."},
    {"readlines", (PyCFunction)(void (*)(void))input_readlines, METH_FASTCALL,
     "readlines(hint=-1) -> list of bytes: the lines that are left."},
    {"readinto", input_readinto, METH_O,
     "readinto(buffer) -> int: fills it; fewer bytes, or 0, at the end of the body."},
    {"getvalue", input_getvalue, METH_NOARGS, "getvalue() -> bytes: the whole body, read or not."},
    {NULL, NULL, 0, NULL},
};

PyTypeObject block_input_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.BlockInput",
    .tp_doc = "The body of a request that is not in memory: in a file, or arriving.",
    .tp_basicsize = sizeof(struct block_input),
    .tp_dealloc = input_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = input_iternext,
    .tp_methods = input_methods,
};

PyObject *block_input_create(const struct request *request)
{
    struct block_input *input = PyObject_New(struct block_input, &block_input_type);

    if (input == NULL)
        return NULL;
    memset((char *)input + sizeof(PyObject), 0, sizeof(*input) - sizeof(PyObject));
    if (request->spool != NULL) {
        input->spool = spool_share(request->spool);
        input->size = request->body.length;
    } else {
        input->upload = upload_share(request->upload);
    }
    return (PyObject *)input;
}
