#include "errands.h"

#include "threads.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct errand *first, **end = &first;
static uv_async_t async;
static bool begun;

static struct errand *take(void)
{
    struct errand *errand;

    pthread_mutex_lock(&lock);
    errand = first;
    if (errand != NULL) {
        first = errand->next;
        errand->sent = false;
    }
    if (first == NULL)
        end = &first;
    pthread_mutex_unlock(&lock);
    return errand;
}

static void run_all(void)
{
    struct errand *errand;

    while ((errand = take()) != NULL)
        errand->run(errand);
}

static void on_async(uv_async_t *handle)
{
    (void)handle;
    threads_hold();
    run_all();
}

int errands_begin(uv_loop_t *loop)
{
    int status = uv_async_init(loop, &async, on_async);

    if (status != 0)
        return status;
    pthread_mutex_lock(&lock);
    begun = true;
    pthread_mutex_unlock(&lock);
    return uv_async_send(&async);
}

void errand_send(struct errand *errand)
{
    pthread_mutex_lock(&lock);
    if (!errand->sent) {
        errand->sent = true;
        errand->next = NULL;
        *end = errand;
        end = &errand->next;
        if (begun)
            uv_async_send(&async);
    }
    pthread_mutex_unlock(&lock);
}

void errands_end(void)
{
    pthread_mutex_lock(&lock);
    begun = false;
    pthread_mutex_unlock(&lock);
    run_all();
}
