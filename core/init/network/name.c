#include "name.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../log/console.h"
#include "mdns.h"
#include "mdns_process.h"

static void report_ready(void *owner)
{
    struct name *name = owner;
    int number;
    ssize_t length = recv(name->reports, &number, sizeof number, MSG_TRUNC);

    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        loop_forget(name->loop, name->reports); /* it will be reaped */
    if (length != sizeof number || number < 1 || number > MDNS_LAST_NUMBER)
        return;
    if (number == 1)
        snprintf(name->text, sizeof name->text, "%s.local", name->hostname);
    else
        snprintf(name->text, sizeof name->text, "%.58s-%d.local", name->hostname, number);
    name->changed(name->owner);
}

static void schedule(struct name *name)
{
    loop_set(name->loop, &name->restart,
             backoff_next(&name->backoff, loop_now() - name->started_ms));
}

static void start(void *owner)
{
    struct name *name = owner;

    name->started_ms = loop_now();
    name->pid = mdns_process_start(name->hostname, &name->reports);
    if (name->pid > 0) {
        loop_watch(name->loop, name->reports, POLLIN, report_ready, name);
        return;
    }
    name->pid = 0;
    schedule(name);
}

void name_begin(struct name *name, struct loop *loop, const char *hostname,
                void (*changed)(void *), void *owner)
{
    memset(name, 0, sizeof *name);
    name->loop = loop;
    name->hostname = hostname;
    name->restart = (struct timer){.fired = start, .owner = name};
    name->changed = changed;
    name->owner = owner;
    start(name);
}

/* The process hears it, says goodbye and ends. */
static void end(struct name *name)
{
    loop_forget(name->loop, name->reports);
    close(name->reports);
    name->pid = 0;
}

static void stop(struct name *name)
{
    loop_unset(name->loop, &name->restart);
    if (name->pid)
        end(name);
    name->text[0] = '\0';
}

void name_change(struct name *name)
{
    if (!name->loop)
        return;
    stop(name);
    start(name);
}

/* By number, not by the clock, so that a machine that was held up waits as well. */
static void wait_for(pid_t pid)
{
    for (int i = 0; i < POLICY_GOODBYE / POLICY_GOODBYE_LOOK && waitpid(pid, NULL, WNOHANG) == 0;
         i++)
        poll(NULL, 0, POLICY_GOODBYE_LOOK);
}

void name_end(struct name *name)
{
    pid_t pid = name->pid;

    if (!name->loop)
        return;
    stop(name);
    if (pid)
        wait_for(pid);
}

bool name_reaped(struct name *name, pid_t pid)
{
    if (pid != name->pid || pid == 0)
        return false;
    end(name);
    schedule(name);
    return true;
}
