#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

void loop_init(struct loop *loop)
{
    memset(loop, 0, sizeof *loop);
    for (int i = 0; i < POLICY_WATCHES; i++)
        loop->watches[i].fd = -1;
}

int64_t loop_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int loop_watch(struct loop *loop, int fd, short events, void (*ready)(void *), void *owner)
{
    for (int i = 0; i < POLICY_WATCHES; i++) {
        if (loop->watches[i].fd < 0) {
            loop->watches[i] = (struct watch){fd, events, true, ready, owner};
            return 0;
        }
    }
    return ENOSPC;
}

void loop_forget(struct loop *loop, int fd)
{
    for (int i = 0; i < POLICY_WATCHES; i++)
        if (fd >= 0 && loop->watches[i].fd == fd)
            loop->watches[i].fd = -1;
}

void loop_unset(struct loop *loop, struct timer *timer)
{
    for (struct timer **link = &loop->timers; *link; link = &(*link)->next) {
        if (*link == timer) {
            *link = timer->next;
            break;
        }
    }
    timer->due_ms = 0;
}

void loop_set(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
    loop_unset(loop, timer);
    timer->due_ms = loop_now() + delay_ms;
    timer->next = loop->timers;
    loop->timers = timer;
}

static struct timer *earliest(struct loop *loop)
{
    struct timer *found = loop->timers;

    for (struct timer *timer = found; timer; timer = timer->next)
        if (timer->due_ms < found->due_ms)
            found = timer;
    return found;
}

int loop_until(int64_t due_ms)
{
    int64_t left = due_ms - loop_now();

    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static int timeout(struct loop *loop)
{
    struct timer *timer = earliest(loop);

    if (!timer)
        return -1;
    return loop_until(timer->due_ms);
}

static void fire_due_timers(struct loop *loop)
{
    int64_t now = loop_now();
    struct timer *timer;

    while ((timer = earliest(loop)) && timer->due_ms <= now) {
        loop_unset(loop, timer);
        timer->fired(timer->owner);
    }
}

void loop_turn(struct loop *loop)
{
    struct pollfd polled[POLICY_WATCHES];

    for (int i = 0; i < POLICY_WATCHES; i++) {
        polled[i] = (struct pollfd){loop->watches[i].fd, loop->watches[i].events, 0};
        loop->watches[i].fresh = false;
    }
    if (poll(polled, POLICY_WATCHES, timeout(loop)) < 0 && errno != EINTR)
        return;
    /* A handler may have ended a watch, or begun another in its place, of a descriptor that has even
     * the same number: then what poll said is void. */
    for (int i = 0; i < POLICY_WATCHES; i++)
        if (polled[i].revents && loop->watches[i].fd >= 0 && !loop->watches[i].fresh)
            loop->watches[i].ready(loop->watches[i].owner);
    fire_due_timers(loop);
}
