/* Threads for handlers that would hold up the loop. They are started when they are needed and stay.
 */
#ifndef FAPWS4_THREAD_POOL_H
#define FAPWS4_THREAD_POOL_H

#include <stdbool.h>

struct task {
    void (*run)(struct task *task); /* called on a thread, with Python held; may free the task */
    struct task *next;
};

/* Has a task run as soon as one of LIMIT_THREADS threads is free. False when there is no thread and
 * none can be started. */
bool thread_pool_run(struct task *task);

/* True while a task waits or runs. The loop turns once after the last one. */
bool thread_pool_busy(void);

/* Ends the threads and waits for them, unless a task still runs (thread_pool_busy): then Python must not
 * be ended, only the process. Called with Python held. */
void thread_pool_end(void);

#endif
