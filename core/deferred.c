#include "deferred.h"

#include "errands.h"
#include "report.h"
#include "threads.h"

static PyObject *waiting; /* list of (f, arg) */
static uv_idle_t idle;    /* active while there are any: the loop turns without sleeping */
static bool begun;

/* ---- on the loop's thread ---- */

static void call_first(void)
{
    PyObject *pair = Py_NewRef(PyList_GET_ITEM(waiting, 0));
    PyObject *done, *what;

    PyList_SetSlice(waiting, 0, 1, NULL);
    done = PyObject_CallOneArg(PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
    if (done == NULL) {
        what = PyUnicode_FromFormat("deferred %R", PyTuple_GET_ITEM(pair, 0));
        if (what != NULL)
            Py_XDECREF(report_exception(what));
        Py_XDECREF(what);
        PyErr_Clear();
    }
    Py_XDECREF(done);
    Py_DECREF(pair);
}

static void on_idle(uv_idle_t *handle)
{
    threads_hold();
    if (PyList_GET_SIZE(waiting) > 0)
        call_first();
    if (PyList_GET_SIZE(waiting) == 0)
        uv_idle_stop(handle);
}

static void start_idle(struct errand *errand)
{
    (void)errand;
    if (begun)
        uv_idle_start(&idle, on_idle);
}

int deferred_begin(uv_loop_t *loop)
{
    int status = uv_idle_init(loop, &idle);

    begun = status == 0;
    return status;
}

void deferred_end(void)
{
    Py_ssize_t count = waiting != NULL ? PyList_GET_SIZE(waiting) : 0;

    begun = false;
    for (; count > 0 && PyList_GET_SIZE(waiting) > 0; count--) /* calls may defer others */
        call_first();
}

/* ---- for the app ---- */

static struct errand start = {start_idle, NULL, false};

/* 1 when the pair is waiting already, -1 with an error set. */
static int is_waiting(PyObject *pair)
{
    return PySequence_Contains(waiting, pair);
}

PyObject *deferred_add(PyObject *module, PyObject *args, PyObject *names)
{
    static char *parameters[] = {"f", "arg", "combine", NULL};
    PyObject *call, *argument, *pair;
    int combine = 0, status;

    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, names, "OO|p:defer", parameters, &call, &argument,
                                     &combine))
        return NULL;
    if (!PyCallable_Check(call))
        return PyErr_Format(PyExc_TypeError, "defer(): %R is not callable", call);
    if (waiting == NULL && (waiting = PyList_New(0)) == NULL)
        return NULL;
    pair = PyTuple_Pack(2, call, argument);
    if (pair == NULL)
        return NULL;
    status = combine ? is_waiting(pair) : 0;
    if (status == 0 && (status = PyList_Append(waiting, pair)) == 0)
        errand_send(&start);
    Py_DECREF(pair);
    if (status < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *deferred_count(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromSsize_t(waiting != NULL ? PyList_GET_SIZE(waiting) : 0);
}
