#include "timers.h"

#include "errands.h"
#include "report.h"
#include "threads.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* What the app wants is in `wanted`, and any thread may change it. The handle is touched by the
 * loop's thread only; while there is one, the timer is in the list, which holds a reference. */
struct timer {
    PyObject_HEAD
    PyObject *call;
    uint64_t milliseconds;
    bool wanted;
    uv_timer_t *handle;
    struct errand errand; /* holds a reference while it waits */
    struct timer *previous, *next;
};

static uv_loop_t *loop;
static struct timer *running;

static struct timer *timer_of(PyObject *self)
{
    return (struct timer *)self;
}

/* ---- on the loop's thread ---- */

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void cease(struct timer *timer)
{
    if (timer->handle == NULL)
        return;
    uv_close((uv_handle_t *)timer->handle, on_closed);
    timer->handle = NULL;
    if (timer->previous != NULL)
        timer->previous->next = timer->next;
    else
        running = timer->next;
    if (timer->next != NULL)
        timer->next->previous = timer->previous;
    Py_DECREF(timer);
}

/* The function's answer: False and an exception end the timer. */
static bool goes_on(const struct timer *timer, PyObject *answer)
{
    PyObject *what;

    if (answer != NULL)
        return answer != Py_False;
    what = PyUnicode_FromFormat("timer %R", timer->call);
    if (what != NULL)
        Py_XDECREF(report_exception(what));
    Py_XDECREF(what);
    PyErr_Clear();
    return false;
}

static void on_timer(uv_timer_t *handle)
{
    struct timer *timer = handle->data;
    PyObject *answer;

    threads_hold();
    if (!timer->wanted) /* stopped by a thread, whose errand is on its way */
        return;
    Py_INCREF(timer);
    answer = PyObject_CallNoArgs(timer->call);
    if (!goes_on(timer, answer)) {
        timer->wanted = false;
        cease(timer);
    }
    Py_XDECREF(answer);
    Py_DECREF(timer);
}

static bool create_handle(struct timer *timer)
{
    timer->handle = malloc(sizeof(*timer->handle));
    if (timer->handle == NULL)
        return false;
    uv_timer_init(loop, timer->handle);
    timer->handle->data = timer;
    timer->previous = NULL;
    timer->next = running;
    if (running != NULL)
        running->previous = timer;
    running = timer;
    Py_INCREF(timer);
    return true;
}

static void obey(struct errand *errand)
{
    struct timer *timer = (struct timer *)((char *)errand - offsetof(struct timer, errand));

    if (!timer->wanted || loop == NULL)
        cease(timer);
    else if (timer->handle != NULL || create_handle(timer)) {
        uv_update_time(loop); /* what was running may have taken long */
        uv_timer_start(timer->handle, on_timer, timer->milliseconds, timer->milliseconds);
    } else
        PySys_WriteStderr("fapws4: a timer cannot be started, memory is out\n");
    Py_DECREF(timer);
}

/* ---- for the app ---- */

static void want(struct timer *timer, bool wanted)
{
    timer->wanted = wanted;
    if (timer->errand.sent)
        return;
    Py_INCREF(timer);
    errand_send(&timer->errand);
}

static PyObject *timer_stop(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    want(timer_of(self), false);
    Py_RETURN_NONE;
}

static PyObject *timer_restart(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    want(timer_of(self), true);
    Py_RETURN_NONE;
}

PyObject *timers_add(PyObject *module, PyObject *args, PyObject *names)
{
    static char *parameters[] = {"seconds", "f", NULL};
    struct timer *timer;
    PyObject *call;
    double seconds;

    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, names, "dO:add_timer", parameters, &seconds, &call))
        return NULL;
    if (!(seconds > 0 && seconds < 1e9))
        return PyErr_Format(PyExc_ValueError, "add_timer(): seconds must be above 0");
    if (!PyCallable_Check(call))
        return PyErr_Format(PyExc_TypeError, "add_timer(): %R is not callable", call);
    timer = (struct timer *)timer_type.tp_alloc(&timer_type, 0);
    if (timer == NULL)
        return NULL;
    timer->call = Py_NewRef(call);
    timer->milliseconds = seconds < 0.001 ? 1 : (uint64_t)llround(seconds * 1000);
    timer->errand.run = obey;
    want(timer, true);
    return (PyObject *)timer;
}

static int timer_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(timer_of(self)->call);
    return 0;
}

static int timer_clear(PyObject *self)
{
    Py_CLEAR(timer_of(self)->call);
    return 0;
}

static void timer_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    timer_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef timer_methods[] = {
    {"stop", timer_stop, METH_NOARGS, "stop(): no further calls."},
    {"restart", timer_restart, METH_NOARGS,
     "restart(): the next call comes after the full time from now, also after a stop."},
    {NULL, NULL, 0, NULL},
};

PyTypeObject timer_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.Timer",
    .tp_doc = "A function that is called again and again; made by add_timer.",
    .tp_basicsize = sizeof(struct timer),
    .tp_dealloc = timer_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_traverse = timer_traverse,
    .tp_clear = timer_clear,
    .tp_methods = timer_methods,
};

/* ---- begin and end ---- */

void timers_begin(uv_loop_t *their_loop)
{
    loop = their_loop;
}

void timers_end(void)
{
    loop = NULL;
    while (running != NULL)
        cease(running);
}
