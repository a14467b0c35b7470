#include "activated.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#include "../child.h"
#include "../log/console.h"
#include "../duty.h"

static void rest(struct activated *activated, int64_t ran_ms)
{
    int64_t delay = backoff_next(&activated->backoff, ran_ms);

    warn("%s: a failure; to be asked again in %d s", activated->what, (int)(delay / 1000));
    loop_set(activated->loop, &activated->restart, delay);
}

/* Somebody connects. The connection waits in the socket for the program. */
static void listener_ready(void *owner)
{
    activated_start(owner);
}

static void watch(void *owner)
{
    struct activated *activated = owner;

    try_to("hear who connects",
           loop_watch(activated->loop, activated->listener, POLLIN, listener_ready, activated));
}

void activated_open(struct activated *activated, struct loop *loop, const char *what, int listener,
                    void (*run)(const void *owner), const void *owner)
{
    *activated = (struct activated){
        .loop = loop, .what = what, .listener = listener, .run = run, .owner = owner};
    activated->restart = (struct timer){.fired = watch, .owner = activated};
    watch(activated);
}

void activated_start(struct activated *activated)
{
    if (activated->pid)
        return;
    loop_unset(activated->loop, &activated->restart);
    loop_forget(activated->loop, activated->listener);
    activated->started_ms = loop_now();
    activated->pid = child_fork();
    if (activated->pid == 0)
        activated->run(activated->owner);
    if (activated->pid > 0)
        return;
    activated->pid = 0;
    try_to("start a process", errno);
    rest(activated, 0);
}

bool activated_reaped(struct activated *activated, pid_t pid, int status)
{
    if (pid == 0 || pid != activated->pid)
        return false;
    activated->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        watch(activated);
    else
        rest(activated, loop_now() - activated->started_ms);
    return true;
}
