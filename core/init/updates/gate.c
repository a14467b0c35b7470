#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../update/session.h"
#include "../owner/credentials.h"

/* Who is not waited for hears its answer only when it is reading already, as all do. */
static void refuse(int fd, const char *why)
{
    session_refuse(fd, why, 0);
    close(fd);
}

static int take_off(struct caller *caller)
{
    int fd = caller->fd;

    loop_forget(caller->gate->loop, fd);
    loop_unset(caller->gate->loop, &caller->due);
    caller->fd = -1;
    return fd;
}

static void due_fired(void *owner)
{
    struct caller *caller = owner;
    const char *why = caller->refusal;

    refuse(take_off(caller), why);
}

static void refuse_later(struct caller *caller, const char *why, int64_t delay_ms)
{
    caller->refusal = why;
    loop_set(caller->gate->loop, &caller->due, delay_ms);
}

/* Root can write the disk without being asked: it says so by "-". */
static bool may_enter(struct caller *caller, struct span code)
{
    struct gate *gate = caller->gate;
    int64_t wait;

    if (caller->root && span_equals(code, "-"))
        return true;
    wait = claim_wait(&gate->claim, claim_matches(&gate->claim, code));
    if (wait == 0)
        return true;
    loop_forget(gate->loop, caller->fd);
    refuse_later(caller, "this is not the claim code of this device: its screen shows it", wait);
    return false;
}

static void greeted(struct caller *caller, struct span line, struct span early)
{
    struct gate *gate = caller->gate;
    struct greeting greeting;

    if (!greeting_parse(line, &greeting)) {
        refuse(take_off(caller), "this is not the beginning of an update");
        return;
    }
    if (may_enter(caller, greeting.code))
        gate->enter(gate->owner, take_off(caller), greeting.mode, early);
    explicit_bzero(caller->bytes, sizeof caller->bytes);
}

static void caller_ready(void *owner)
{
    struct caller *caller = owner;
    ssize_t count = recv(caller->fd, caller->bytes + caller->used,
                         sizeof caller->bytes - caller->used, MSG_DONTWAIT);
    char *end;

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        close(take_off(caller));
        return;
    }
    caller->used += (size_t)count;
    end = memchr(caller->bytes, '\n', caller->used);
    if (end) {
        size_t length = (size_t)(end - caller->bytes);

        greeted(caller, (struct span){caller->bytes, length},
                (struct span){end + 1, caller->used - length - 1});
    } else if (caller->used == sizeof caller->bytes) {
        refuse(take_off(caller), "this is not the beginning of an update");
    }
}

static struct caller *free_place(struct gate *gate)
{
    for (int i = 0; i < POLICY_UPDATE_CALLERS; i++)
        if (gate->callers[i].fd < 0)
            return &gate->callers[i];
    return NULL;
}

static void listener_ready(void *owner)
{
    struct gate *gate = owner;
    struct caller *caller = free_place(gate);
    int fd = accept4(gate->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return;
    if (!caller) {
        refuse(fd, "too many are asking at once: try again in a minute");
        return;
    }
    *caller = (struct caller){.gate = gate, .fd = fd, .root = credentials_are(fd, 0)};
    caller->due = (struct timer){.fired = due_fired, .owner = caller};
    refuse_later(caller, "nothing has come: try again", POLICY_UPDATE_GREETING);
    if (loop_watch(gate->loop, fd, POLLIN, caller_ready, caller) != 0)
        refuse(take_off(caller), "too many are asking at once: try again in a minute");
}

int gate_open(struct gate *gate)
{
    for (int i = 0; i < POLICY_UPDATE_CALLERS; i++)
        gate->callers[i].fd = -1;
    return loop_watch(gate->loop, gate->listener, POLLIN, listener_ready, gate);
}

void gate_abandon(struct gate *gate)
{
    close(gate->listener);
    for (int i = 0; i < POLICY_UPDATE_CALLERS; i++)
        if (gate->callers[i].fd >= 0)
            close(gate->callers[i].fd);
    explicit_bzero(&gate->claim, sizeof gate->claim);
}
