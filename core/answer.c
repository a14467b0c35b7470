#include "answer.h"

#include "report.h"
#include "response_head.h"

/* ---- head and first piece ---- */

/* What was given to write() goes in front of the first piece. */
static int prepend_written(struct answer *answer, const struct start_response *start,
                           struct response *response)
{
    PyObject *written = start->written;
    struct buffer all = {NULL, 0, 0, false};

    if (written == NULL)
        return 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(written); i++)
        buffer_append(&all, PyBytes_AS_STRING(PyList_GET_ITEM(written, i)),
                      (size_t)PyBytes_GET_SIZE(PyList_GET_ITEM(written, i)));
    buffer_append_slice(&all, response->body);
    buffer_finish(&answer->joined);
    answer->joined = all;
    response->body = (struct slice){all.data, all.length};
    if (!all.failed)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static int fill_head(struct start_response *start, struct response *response)
{
    if (response_head_fill(start, response) != 0)
        return -1;
    if (response->is_text && !response->has_content_type)
        buffer_append_slice(&response->fields, SLICE("Content-Type: text/html; charset=utf-8\r\n"));
    return 0;
}

/* The size of a file becomes the length, unless the handler has said another. */
static void note_size(struct response *response, long long size)
{
    if (size < 0 || response->has_length)
        return;
    response->has_length = true;
    response->length = (uint64_t)size;
}

/* Frameworks wrap one complete piece into an iterator: when the first is as long as announced and
 * nothing follows, the body is whole and needs no second write. 0, or -1 with an error set. */
static int end_early(struct answer *answer, struct response *response, struct reply *reply)
{
    struct slice rest = {NULL, 0};
    enum writing writing;

    if (response->whole || !response->has_length || response->body.length != response->length ||
        reply_stream(reply) != NULL)
        return 0;
    answer->joined.length = 0;
    buffer_append_slice(&answer->joined, response->body); /* the next piece frees this one */
    response->body = (struct slice){answer->joined.data, answer->joined.length};
    writing = reply_next(reply, &rest);
    response->whole = writing == DONE;
    return writing == BROKEN ? -1 : 0;
}

/* Takes the first piece before the head is made: a generator's start_response runs only now. A file
 * is left where it lies. */
static int begin_pieces(struct answer *answer, struct start_response *start, PyObject *result,
                        const struct subject *subject, struct response *response,
                        struct reply **reply)
{
    enum writing writing;

    *reply = reply_create(result, start->strict, subject);
    if (*reply == NULL)
        return -1;
    if (start->written == NULL && reply_file(*reply, &response->file)) {
        if (fill_head(start, response) != 0)
            return -1;
        note_size(response, (long long)response->file.left);
        return 0;
    }
    writing = reply_next(*reply, &response->body);
    response->whole = writing == DONE;
    response->is_text = reply_is_text(*reply);
    if (writing == BROKEN || fill_head(start, response) != 0)
        return -1;
    if (response->whole)
        response->body = (struct slice){NULL, 0};
    return end_early(answer, response, *reply);
}

static void drop_reply(struct reply **reply)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback); /* close() must not run with an error set */
    reply_destroy(*reply);
    *reply = NULL;
    PyErr_Restore(type, value, traceback);
}

/* ---- the answer ---- */

int answer_with(struct answer *answer, struct start_response *start, PyObject *result,
                struct subject *subject, struct response *response, struct reply **reply)
{
    int status;

    Py_XSETREF(answer->held, result);
    answer->joined.length = 0;
    answer->joined.failed = false;
    status = reply_whole(result, start->strict, &answer->joined, response);
    if (status > 0)
        status = fill_head(start, response);
    else if (status == 0) {
        status = begin_pieces(answer, start, result, subject, response, reply);
        if (status == 0 && !response->whole)
            status = reply_outlive(*reply);
        if (status != 0 || response->whole)
            drop_reply(reply);
    }
    return status == 0 ? prepend_written(answer, start, response) : -1;
}

int answer_outcome(struct answer *answer, struct start_response *start,
                   const struct outcome *outcome, struct response *response)
{
    if (outcome->failed)
        return -1;
    answer->joined.length = 0;
    answer->joined.failed = false;
    response->whole = outcome->ended;
    response->is_text = outcome->is_text;
    response->body = outcome->first;
    if (fill_head(start, response) != 0)
        return -1;
    note_size(response, outcome->size);
    return prepend_written(answer, start, response);
}

void answer_failure(struct answer *answer, struct subject *subject, struct response *response)
{
    PyObject *type, *value, *traceback;
    PyObject *what, *exception, *text = NULL;

    if (response->excuse != 0 && PyErr_ExceptionMatches(PyExc_OSError)) {
        PyErr_Clear();
        response_refuse(response, response->excuse);
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    what = subject_text(subject);
    PyErr_Restore(type, value, traceback);
    exception = what != NULL ? report_exception(what) : NULL;
    if (exception != NULL && answer->shows_tracebacks)
        text = report_traceback(exception);
    response_plain(response, 500, text != NULL ? PyUnicode_AsUTF8(text) : NULL);
    PyErr_Clear();
    Py_XSETREF(answer->held, text);
    Py_XDECREF(exception);
}

void answer_settle(struct answer *answer)
{
    Py_CLEAR(answer->held);
    if (answer->joined.capacity > LIMIT_READ)
        buffer_finish(&answer->joined);
}

void answer_finish(struct answer *answer)
{
    Py_CLEAR(answer->held);
    buffer_finish(&answer->joined);
}
