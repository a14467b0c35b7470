#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t children_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void child_close(struct child *child)
{
    if (child->channel >= 0)
        close(child->channel);
    child->channel = -1;
}

void child_enter(struct child *child, enum stage stage)
{
    child->stage = stage;
    child->since = children_now();
}

/* A pair whose ends are not handed on to other programs. */
static int open_channel(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

static void close_both(const int ends[2])
{
    int kept = errno;

    close(ends[0]);
    close(ends[1]);
    errno = kept;
}

pid_t children_fork(struct children *children, unsigned generation, int *channel)
{
    struct child *child = calloc(1, sizeof(*child));
    int ends[2];
    pid_t pid;

    if (child == NULL || open_channel(ends) != 0) {
        free(child);
        return -1;
    }
    pid = fork();
    if (pid < 0) {
        close_both(ends);
        free(child);
        return -1;
    }
    child->pid = pid;
    child->channel = ends[0];
    child->generation = generation;
    child->next = children->first;
    children->first = child;
    child_enter(child, STARTING);
    if (pid > 0) {
        close(ends[1]);
        return pid;
    }
    *channel = ends[1];
    while (children->first != NULL)
        children_remove(children, children->first);
    return 0;
}

struct child *children_find(const struct children *children, pid_t pid)
{
    struct child *child = children->first;

    while (child != NULL && child->pid != pid)
        child = child->next;
    return child;
}

int children_count(const struct children *children, unsigned generation, enum stage stage)
{
    int count = 0;

    for (const struct child *child = children->first; child != NULL; child = child->next)
        count += child->generation == generation && child->stage == stage;
    return count;
}

bool children_linger(const struct children *children)
{
    for (const struct child *child = children->first; child != NULL; child = child->next) {
        if (child->stage == LEAVING && child->channel >= 0)
            return true;
    }
    return false;
}

void child_leave(struct child *child, bool patient)
{
    if (patient && child->stage == SERVING) {
        shutdown(child->channel, SHUT_WR);
    } else if (!child->terminated) {
        kill(child->pid, SIGTERM);
        child->terminated = true;
    }
    if (child->stage != LEAVING)
        child_enter(child, LEAVING);
}

void children_signal(const struct children *children, int number)
{
    for (const struct child *child = children->first; child != NULL; child = child->next) {
        if (child->stage == SERVING)
            kill(child->pid, number);
    }
}

void children_remove(struct children *children, struct child *child)
{
    struct child **at = &children->first;

    while (*at != child)
        at = &(*at)->next;
    *at = child->next;
    child_close(child);
    free(child);
}
