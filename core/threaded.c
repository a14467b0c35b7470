#include "threaded.h"

#include "reply.h"
#include "thread_pool.h"

#include <stddef.h>
#include <stdlib.h>

/* Python's lock guards it. */
struct job {
    struct task task;
    unsigned references;    /* the thread's and the connection's */
    PyObject *callable, *env, *what;
    struct start_response *start;
    struct channel *channel;
    bool returned;
    struct outcome outcome;
    struct buffer first;
    PyObject *type, *value, *traceback;
};

static void release(struct job *job)
{
    if (--job->references > 0)
        return;
    Py_XDECREF(job->callable);
    Py_XDECREF(job->env);
    Py_XDECREF(job->what);
    Py_XDECREF((PyObject *)job->start);
    Py_XDECREF(job->outcome.result);
    Py_XDECREF(job->type);
    Py_XDECREF(job->value);
    Py_XDECREF(job->traceback);
    channel_release(job->channel);
    buffer_finish(&job->first);
    free(job);
}

/* ---- on the thread ---- */

static void fail(struct job *job)
{
    job->outcome.failed = true;
    PyErr_Fetch(&job->type, &job->value, &job->traceback);
}

/* Takes the first piece before the head is made, since a generator's start_response runs only then.
 */
static struct reply *begin_pieces(struct job *job, PyObject *result)
{
    struct subject subject = {NULL, NULL, job->what};
    struct reply *reply = reply_create(result, job->start->strict, &subject);
    struct file_part file;
    struct slice piece;
    enum writing writing;

    if (reply == NULL) {
        fail(job);
        return NULL;
    }
    if (reply_file(reply, &file))
        job->outcome.size = (long long)file.left;
    writing = reply_next(reply, &piece);
    if (writing == MORE) {
        job->outcome.is_text = reply_is_text(reply);
        buffer_append_slice(&job->first, piece);
        job->outcome.first = (struct slice){job->first.data, job->first.length};
        return reply;
    }
    job->outcome.ended = true;
    if (writing == BROKEN)
        fail(job);
    reply_destroy(reply);
    return NULL;
}

static void send_pieces(struct job *job, struct reply *reply)
{
    enum writing writing = MORE;
    bool wanted = true;
    struct slice piece;

    while (wanted && (writing = reply_next(reply, &piece)) == MORE) {
        if (!channel_write(job->channel, piece))
            break;
        Py_BEGIN_ALLOW_THREADS
        wanted = channel_wait(job->channel);
        Py_END_ALLOW_THREADS
    }
    if (writing == BROKEN)
        reply_report(reply);
    channel_end(job->channel, writing != DONE);
    reply_destroy(reply);
}

static void run(struct task *task)
{
    struct job *job = (struct job *)((char *)task - offsetof(struct job, task));
    PyObject *args[3] = {NULL, job->env, (PyObject *)job->start};
    PyObject *result = PyObject_Vectorcall(job->callable, args + 1,
                                           2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    struct reply *reply = NULL;

    if (result == NULL)
        fail(job);
    else if (reply_is_immediate(result))
        job->outcome.result = Py_NewRef(result);
    else
        reply = begin_pieces(job, result);
    Py_XDECREF(result);
    Py_CLEAR(job->env);
    job->returned = true;
    channel_tell(job->channel);
    if (reply != NULL)
        send_pieces(job, reply);
    release(job);
}

/* ---- on the loop's thread ---- */

struct job *job_create(PyObject *callable, PyObject *env, struct start_response *start,
                       PyObject *what)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job == NULL || (job->channel = channel_create()) == NULL) {
        free(job);
        PyErr_NoMemory();
        return NULL;
    }
    job->references = 2;
    job->callable = Py_NewRef(callable);
    job->env = Py_NewRef(env);
    job->what = Py_NewRef(what);
    job->start = (struct start_response *)Py_NewRef((PyObject *)start);
    job->outcome.size = -1;
    job->task.run = run;
    if (thread_pool_run(&job->task))
        return job;
    job->references = 1;
    release(job);
    PyErr_SetString(PyExc_RuntimeError, "no thread can be started");
    return NULL;
}

bool job_outcome(struct job *job, struct outcome *outcome)
{
    if (!job->returned)
        return false;
    *outcome = job->outcome;
    if (outcome->failed) {
        PyErr_Restore(job->type, job->value, job->traceback);
        job->type = job->value = job->traceback = NULL;
    }
    return true;
}

struct start_response *job_start(const struct job *job)
{
    return job->start;
}

PyObject *job_what(const struct job *job)
{
    return job->what;
}

struct channel *job_channel(const struct job *job)
{
    return job->channel;
}

void job_leave(struct job *job)
{
    channel_abandon(job->channel);
    release(job);
}
