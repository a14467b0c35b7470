#include "threads.h"

#include "thread_pool.h"

#include <Python.h>

/* The loop's own thread state while others run, else NULL. */
static PyThreadState *waiting;

/* Letting go of the interpreter costs several hundred instructions; without another thread there is
 * nobody to let in. A thread of the app has its state from before it is started, a worker makes its
 * own. */
static int has_others(void)
{
    PyInterpreterState *interpreter = PyThreadState_GetInterpreter(PyThreadState_Get());

    return PyThreadState_Next(PyInterpreterState_ThreadHead(interpreter)) != NULL;
}

void threads_let_run(void)
{
    if (waiting == NULL && (has_others() || thread_pool_busy()))
        waiting = PyEval_SaveThread();
}

void threads_hold(void)
{
    if (waiting != NULL)
        PyEval_RestoreThread(waiting);
    waiting = NULL;
}
