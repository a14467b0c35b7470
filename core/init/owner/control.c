#include "control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "credentials.h"

static const char wrong_code[] = "refused the claim code is wrong\n";

static void caller_ready(void *owner);
static void door_ready(void *owner);

static struct caller *free_place(struct control *control)
{
    for (int i = 0; i < CONTROL_CALLERS; i++)
        if (control->callers[i].fd < 0)
            return &control->callers[i];
    return NULL;
}

/* The door is watched as long as there is a place for one more. */
static void watch_door(struct control *control)
{
    loop_forget(control->loop, control->fd);
    if (free_place(control))
        loop_watch(control->loop, control->fd, POLLIN, door_ready, control);
}

/* A socket takes every answer whole: its buffer is larger than all that PID 1 has to say. */
static void answer(struct caller *caller, struct span text)
{
    struct control *control = caller->control;

    loop_forget(control->loop, caller->fd);
    loop_unset(control->loop, &caller->patience);
    if (text.length > 0)
        send(caller->fd, text.start, text.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(caller->fd);
    caller->fd = -1;
    explicit_bzero(caller->line, caller->used); /* there may have been a key, or a claim code */
    watch_door(control);
}

static void patience_fired(void *owner)
{
    struct caller *caller = owner;

    if (caller->held)
        answer(caller, caller->held->act(&caller->order));
    else
        answer(caller, span_of(caller->wrong ? wrong_code : ""));
}

static void has_left(void *owner)
{
    answer(owner, span_of(""));
}

static int count_held(const struct control *control)
{
    int count = 0;

    for (int i = 0; i < CONTROL_CALLERS; i++)
        count += control->callers[i].fd >= 0 && control->callers[i].held;
    return count;
}

/* True when the caller waits now. Without events poll reports only that it has left. */
static bool hold(struct caller *caller, const struct verb *verb, const struct order *order)
{
    struct control *control = caller->control;

    if (!verb->due || verb->due(order) || count_held(control) == CONTROL_HELD)
        return false;
    caller->held = verb;
    caller->order = *order;
    loop_forget(control->loop, caller->fd);
    loop_watch(control->loop, caller->fd, 0, has_left, caller);
    loop_set(control->loop, &caller->patience, POLICY_CONTROL_HOLD);
    return true;
}

void control_look(struct control *control)
{
    for (int i = 0; i < CONTROL_CALLERS; i++) {
        struct caller *caller = &control->callers[i];

        if (caller->fd >= 0 && caller->held && caller->held->due(&caller->order))
            answer(caller, caller->held->act(&caller->order));
    }
}

/* A caller who waits is not heard any more. */
static void keep_waiting(struct caller *caller, int64_t ms)
{
    caller->wrong = true;
    loop_forget(caller->control->loop, caller->fd);
    loop_set(caller->control->loop, &caller->patience, ms);
}

static bool may(struct control *control, struct span code, int64_t *wait)
{
    bool right = claim_matches(control->claim, code);

    *wait = claim_wait(control->claim, right);
    return right;
}

static const struct verb *find(const struct control *control, struct span name)
{
    for (const struct verb *verb = control->verbs; verb->name; verb++)
        if (span_equals(name, verb->name))
            return verb;
    return NULL;
}

static bool needs_root(const struct verb *verb)
{
    return verb->right == VERB_ROOT || verb->right == VERB_CHECK;
}

static bool needs_code(const struct verb *verb, const struct caller *caller)
{
    return verb->right == VERB_CHECK || (verb->right == VERB_CLAIMED && !caller->root);
}

static void carry_out(struct caller *caller, const struct verb *verb, const struct order *order)
{
    struct span early = verb->begin ? verb->begin(order) : span_of("");

    if (early.length > 0)
        answer(caller, early);
    else if (!hold(caller, verb, order))
        answer(caller, verb->act(order));
}

static void obey(struct caller *caller, struct span line)
{
    struct control *control = caller->control;
    struct order order = {control->owner, span_of("")};
    const struct verb *verb;
    struct span word;
    int64_t wait;

    if (!span_next_word(&line, &word))
        word = span_of("");
    if (caller->root)
        order.words = line;
    verb = find(control, word);
    if (!verb)
        answer(caller, span_of("refused there is no such order\n"));
    else if (needs_root(verb) && !caller->root)
        answer(caller, span_of("refused this is not yours to order\n"));
    else if (needs_code(verb, caller) && !may(control, line, &wait))
        keep_waiting(caller, wait);
    else
        carry_out(caller, verb, &order);
}

static void caller_ready(void *owner)
{
    struct caller *caller = owner;
    size_t room = sizeof caller->line - caller->used;
    ssize_t count = read(caller->fd, caller->line + caller->used, room);
    const char *end;

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count > 0)
        caller->used += (size_t)count;
    end = memchr(caller->line, '\n', caller->used);
    if (end)
        obey(caller, (struct span){caller->line, (size_t)(end - caller->line)});
    else if (count <= 0 || caller->used == sizeof caller->line)
        answer(caller, span_of(""));
}

static void door_ready(void *owner)
{
    struct control *control = owner;
    struct caller *caller = free_place(control);
    int fd = caller ? accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;

    if (fd < 0)
        return;
    caller->fd = fd;
    caller->root = credentials_are(fd, control->root);
    caller->used = 0;
    caller->wrong = false;
    caller->held = NULL;
    caller->patience = (struct timer){.fired = patience_fired, .owner = caller};
    loop_set(control->loop, &caller->patience, POLICY_CONTROL_PATIENCE);
    if (loop_watch(control->loop, fd, POLLIN, caller_ready, caller) != 0)
        answer(caller, span_of("refused too much is going on just now\n"));
    else
        watch_door(control);
}

void control_open(struct control *control, struct loop *loop, int fd, const struct verb *verbs,
                  struct claim *claim, void *owner)
{
    control->loop = loop;
    control->fd = fd;
    control->verbs = verbs;
    control->claim = claim;
    control->owner = owner;
    control->root = 0;
    for (int i = 0; i < CONTROL_CALLERS; i++) {
        control->callers[i].control = control;
        control->callers[i].fd = -1;
    }
    watch_door(control);
}
