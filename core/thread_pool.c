#include "thread_pool.h"

#include "errands.h"
#include "limits.h"

#include <Python.h>
#include <uv.h>

static uv_mutex_t lock;
static uv_cond_t work;
static struct task *first, **end = &first;
static uv_thread_t threads[LIMIT_THREADS];
static unsigned started, busy; /* busy: tasks that wait or run */
static bool quitting, initialized;

/* ---- on a thread ---- */

/* The next task, or NULL when there will be none. */
static struct task *await_task(void)
{
    struct task *task;

    uv_mutex_lock(&lock);
    while (first == NULL && !quitting)
        uv_cond_wait(&work, &lock);
    task = quitting ? NULL : first;
    if (task != NULL) {
        first = task->next;
        if (first == NULL)
            end = &first;
    }
    uv_mutex_unlock(&lock);
    return task;
}

/* A stopping server looks, whenever its loop turns, whether all is done. */
static void turn(struct errand *errand)
{
    (void)errand;
}

static struct errand turning = {turn, NULL, false};

static void run(void *ignored)
{
    PyGILState_STATE state = PyGILState_Ensure();
    struct task *task;

    (void)ignored;
    for (;;) {
        Py_BEGIN_ALLOW_THREADS
        task = await_task();
        Py_END_ALLOW_THREADS
        if (task == NULL)
            break;
        task->run(task);
        uv_mutex_lock(&lock);
        busy--;
        uv_mutex_unlock(&lock);
        errand_send(&turning);
    }
    PyGILState_Release(state);
}

/* ---- on the loop's thread ---- */

static bool start_thread(void)
{
    static const uv_thread_options_t options = {UV_THREAD_HAS_STACK_SIZE, LIMIT_THREAD_STACK};

    if (uv_thread_create_ex(&threads[started], &options, run, NULL) != 0)
        return false;
    started++;
    return true;
}

bool thread_pool_run(struct task *task)
{
    bool enough;

    if (!initialized) {
        if (uv_mutex_init(&lock) != 0)
            return false;
        if (uv_cond_init(&work) != 0) {
            uv_mutex_destroy(&lock);
            return false;
        }
        initialized = true;
    }
    uv_mutex_lock(&lock);
    enough = busy < started || started == LIMIT_THREADS;
    uv_mutex_unlock(&lock);
    if (!enough && !start_thread() && started == 0)
        return false;
    uv_mutex_lock(&lock);
    task->next = NULL;
    *end = task;
    end = &task->next;
    busy++;
    uv_cond_signal(&work);
    uv_mutex_unlock(&lock);
    return true;
}

bool thread_pool_busy(void)
{
    bool found;

    if (!initialized)
        return false;
    uv_mutex_lock(&lock);
    found = busy > 0;
    uv_mutex_unlock(&lock);
    return found;
}

void thread_pool_end(void)
{
    if (!initialized)
        return;
    uv_mutex_lock(&lock);
    quitting = true;
    uv_cond_broadcast(&work);
    uv_mutex_unlock(&lock);
    if (thread_pool_busy())
        return;
    Py_BEGIN_ALLOW_THREADS
    for (unsigned i = 0; i < started; i++)
        uv_thread_join(&threads[i]);
    Py_END_ALLOW_THREADS
}
