#include "connection_state.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

/* ---- end ---- */

static bool has_work(const struct connection *c)
{
    return c->work != &c->shared->none;
}

void connection_on_closed(struct wire *wire)
{
    struct connection *c = connection_of(wire);

    c->shared->on_closed(c);
    if (has_work(c))
        free(c->work);
    free(c);
}

/* Why a connection ends, for those who read traces. */
static const char *reason(const struct connection *c)
{
    if (c->broken)
        return "the response broke off";
    if (c->refused)
        return "the request was refused";
    if (c->last)
        return "the last response said so";
    if (c->ended)
        return "the client ended it";
    if (c->deadline <= c->shared->seconds)
        return "its time was over";
    return c->shared->exchange.stopping ? "the server stops" : "the client is gone";
}

static void note_close(struct connection *c)
{
    struct journal *journal = c->shared->exchange.journal;

    journal_close(journal, &c->client.account, &c->client.peer, wire_queued(&c->wire));
    if (journal->traces >= 2)
        journal_trace(&c->client.peer, "closed, %s", reason(c));
}

const char *connection_phase(const struct connection *c)
{
    static const char *const names[] = {"idle",    "opening",   "head", "body",
                                        "writing", "lingering", "held"};

    return names[c->phase];
}

bool connection_traces(const struct connection *c, int level)
{
    return c->shared->exchange.journal != NULL && c->shared->exchange.journal->traces >= level;
}

/* Lets go of everything now; the memory follows when libuv is done with it. */
void connection_close(struct connection *c)
{
    if (wire_is_closing(&c->wire))
        return;
    if (c->shared->exchange.journal != NULL)
        note_close(c);
    dialogue_finish(&c->work->dialogue);
    buffer_finish(&c->work->pending);
    memset(c->work, 0, sizeof(*c->work));
    handler_forget(&c->client.peer);
    wire_close(&c->wire, c->broken);
}

/* ---- work ---- */

static bool rests(const struct connection *c)
{
    return c->phase == IDLE || c->phase == OPENING;
}

/* What was begun in the shared work is not done. */
static void take_work(struct connection *c)
{
    struct work *own = malloc(sizeof(*own));

    if (own == NULL) {
        connection_close(c);
        return;
    }
    *own = c->shared->none;
    memset(&c->shared->none, 0, sizeof(c->shared->none));
    c->work = own;
}

#ifndef NDEBUG
static bool is_done(const struct work *work)
{
    const struct dialogue *dialogue = &work->dialogue;

    return work->pending.data == NULL && dialogue->intake.scanned == 0 &&
           dialogue->intake.awaited == 0 && dialogue->intake.head_length == 0 &&
           dialogue->arrival == NULL && dialogue->reply == NULL && dialogue->cached == NULL &&
           dialogue->file.left == 0 && !dialogue->headless;
}
#endif

void connection_settle(struct connection *c)
{
    if (wire_is_closing(&c->wire))
        return;
    assert(!rests(c) || is_done(c->work));
    if (rests(c) != has_work(c))
        return;
    if (!has_work(c)) {
        take_work(c);
        return;
    }
    free(c->work);
    c->work = &c->shared->none;
}

/* ---- deadlines ---- */

void connection_enter(struct connection *c, enum phase phase)
{
    if (phase == HEAD && c->phase == HEAD) /* a head does not get more time by coming slowly */
        return;
    c->phase = (unsigned char)phase;
    c->deadline = phase == HELD ? UINT_MAX : c->shared->seconds + c->shared->patience[phase] + 1;
}

void connection_resume(struct connection *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    if (wire_resume(&c->wire) != 0)
        connection_close(c);
}

void connection_enter_body(struct connection *c)
{
    uint64_t arrived = c->work->pending.length + arrival_length(c->work->dialogue.arrival);

    if (c->phase == BODY && arrived < c->work->arrived + LIMIT_BODY_PROGRESS)
        return;
    c->work->arrived = arrived;
    connection_enter(c, BODY);
}

/* Says the end to a client that may still be sending, and waits for its own end: closing a socket
 * with unread bytes would reset it and destroy the response on its way (RFC 9112 section 9.6). */
static void linger(struct connection *c)
{
    if (wire_shutdown(&c->wire) != 0) {
        connection_close(c);
        return;
    }
    buffer_finish(&c->work->pending);
    connection_enter(c, LINGERING);
    connection_resume(c);
}

void connection_finish(struct connection *c)
{
    bool sending = c->refused || (c->shared->exchange.stopping && wire_has_unread(&c->wire));

    if (sending && !c->ended)
        linger(c);
    else
        connection_close(c);
}

/* ---- what it is doing ---- */

bool connection_is_busy(const struct connection *c)
{
    const struct dialogue *dialogue = &c->work->dialogue;

    return c->phase == WRITING || dialogue->reply != NULL || dialogue->file.left > 0;
}
