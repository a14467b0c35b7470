#include "name.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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

static void end(struct name *name)
{
    loop_forget(name->loop, name->reports);
    close(name->reports);
    name->pid = 0;
}

void name_change(struct name *name)
{
    if (!name->loop)
        return;
    loop_unset(name->loop, &name->restart);
    if (name->pid) {
        kill(name->pid, SIGKILL);
        end(name);
    }
    name->text[0] = '\0';
    start(name);
}

bool name_reaped(struct name *name, pid_t pid)
{
    if (pid != name->pid || pid == 0)
        return false;
    end(name);
    schedule(name);
    return true;
}
