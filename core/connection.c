#include "connection.h"

#include "file_body.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

static void serve(struct connection *c, struct input input);
static void serve_pending(struct connection *c);
static void read_again(struct connection *c);
static void go_on(struct connection *c);

/* The wire is the first member. */
static struct connection *owner_of(struct wire *wire)
{
    return (struct connection *)wire;
}

/* ---- end ---- */

static bool has_work(const struct connection *c)
{
    return c->work != &c->shared->none;
}

static void on_closed(struct wire *wire)
{
    struct connection *c = owner_of(wire);

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

static const char *phase_name(const struct connection *c)
{
    static const char *const names[] = {"idle",    "opening",   "head", "body",
                                        "writing", "lingering", "held"};

    return names[c->phase];
}

static bool traces(const struct connection *c, int level)
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

static void on_failure(struct wire *wire)
{
    connection_close(owner_of(wire));
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

/* To be called behind everything that may happen to a connection but its accepting: work of its own is
 * kept exactly as long as there is some. */
static void settle(struct connection *c)
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

static void enter(struct connection *c, enum phase phase)
{
    if (phase == HEAD && c->phase == HEAD) /* a head does not get more time by coming slowly */
        return;
    c->phase = (unsigned char)phase;
    c->deadline = phase == HELD ? UINT_MAX : c->shared->seconds + c->shared->patience[phase] + 1;
}

/* Reads again after a pause, if there was one. */
static void resume(struct connection *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    if (wire_resume(&c->wire) != 0)
        connection_close(c);
}

/* Who sends a body a few bytes at a time gets no more time by that. */
static void enter_body(struct connection *c)
{
    uint64_t arrived = c->work->pending.length + arrival_length(c->work->dialogue.arrival);

    if (c->phase == BODY && arrived < c->work->arrived + LIMIT_BODY_PROGRESS)
        return;
    c->work->arrived = arrived;
    enter(c, BODY);
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
    enter(c, LINGERING);
    resume(c);
}

static void finish(struct connection *c)
{
    bool sending = c->refused || (c->shared->exchange.stopping && wire_has_unread(&c->wire));

    if (sending && !c->ended)
        linger(c);
    else
        connection_close(c);
}

/* ---- writing ---- */

static bool is_busy(const struct connection *c)
{
    const struct dialogue *dialogue = &c->work->dialogue;

    return c->phase == WRITING || dialogue->reply != NULL || dialogue->file.left > 0;
}

/* `length` bytes were handed over, unless they are lost. */
static void note_sent(struct connection *c, size_t length, enum sent sent)
{
    if (traces(c, 3))
        journal_trace(&c->client.peer, "write %zu, %zu wait, %s", length, wire_queued(&c->wire),
                      phase_name(c));
    if (c->client.account != NULL && sent != LOST)
        journal_sent(c->shared->exchange.journal, c->client.account, &c->client.peer, length,
                     wire_queued(&c->wire));
    if (sent == LOST) {
        connection_close(c);
    } else if (sent == QUEUED) {
        enter(c, WRITING);
        c->work->queued = wire_queued(&c->wire);
    }
}

static struct slice output_of(const struct exchange *x)
{
    return (struct slice){x->output.data, x->output.length};
}

/* Sends what the exchange has gathered, and then as much of the file as the socket takes. */
static void send_file(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;
    struct file_part *file = &c->work->dialogue.file;
    uint64_t left = file->left;
    enum sent sent = file_body_send(&c->wire, output_of(x), file, &x->block);
    size_t length = x->output.length + (size_t)(left - file->left);

    if (c->client.account != NULL && file->left == 0)
        journal_end(c->client.account, length);
    note_sent(c, length, sent);
    if (!wire_is_closing(&c->wire) && file->left == 0 &&
        exchange_end_file(&c->work->dialogue) == BROKEN)
        c->last = true;
}

/* Writes what the exchange has gathered; the phase is WRITING afterwards when some of it was
 * queued. */
static void flush(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;

    if (x->output.failed)
        connection_close(c);
    if (c->work->dialogue.file.left > 0 && c->phase != WRITING && !wire_is_closing(&c->wire))
        send_file(c);
    else if (x->output.length + x->response.tail.length > 0 && !wire_is_closing(&c->wire))
        note_sent(c, x->output.length + x->response.tail.length,
                  wire_send(&c->wire, output_of(x), x->response.tail));
    exchange_settle(x);
}

static void on_news(void *context)
{
    struct connection *c = context;

    if (c->phase == WRITING) /* 100 (Continue) is still on its way: on_sent looks again */
        return;
    c->phase = IDLE;
    go_on(c);
    settle(c);
}

/* Says 100 (Continue) if the handler at work reads and the client waits for it. */
static void offer_continue(struct connection *c)
{
    exchange_continue(&c->shared->exchange, &c->work->dialogue);
    if (c->shared->exchange.output.length > 0)
        flush(c);
}

/* There is news of a body that goes to a file or to a handler at work. */
static void on_arrival(void *context)
{
    struct connection *c = context;

    if (c->work->dialogue.headless && c->phase != WRITING) {
        offer_continue(c);
    } else if (!is_busy(c)) {
        c->phase = IDLE;
        serve_pending(c);
    }
    read_again(c);
    settle(c);
}

/* The app is at work, or has nothing to say at present. */
static void hold(struct connection *c)
{
    enter(c, HELD);
    handler_watch(c->work->dialogue.reply, on_news, c);
    if (c->work->dialogue.arrival == NULL)
        return;
    arrival_watch(c->work->dialogue.arrival, on_arrival, c);
    offer_continue(c);
}

/* Queues the next piece of a body. Queued even when the socket would take it: the loop then serves
 * everyone else before on_written asks for the piece after it. */
static void pump(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;
    bool ends_by_closing = c->work->dialogue.framing.kind == FRAMING_CLOSE;
    enum writing writing = exchange_more(x, &c->work->dialogue);

    if (writing == LATER) {
        hold(c);
        return;
    }
    if (writing == BROKEN) {
        c->last = true;
        c->broken = ends_by_closing;
    }
    if (x->output.failed)
        connection_close(c);
    else
        note_sent(c, x->output.length, wire_queue(&c->wire, output_of(x)));
    exchange_settle(x);
}

/* ---- reading ---- */

static uv_buf_t room(struct wire *wire)
{
    struct connection *c = owner_of(wire);
    struct buffer *pending = &c->work->pending;
    size_t awaited = c->work->dialogue.intake.awaited;
    size_t step = c->phase == BODY ? LIMIT_BODY_STEP : LIMIT_HEAD_STEP;

    if (pending->length == 0)
        return uv_buf_init(c->shared->read_buffer, LIMIT_READ);
    if (awaited > pending->length && awaited - pending->length < step)
        step = awaited - pending->length;
    if (!buffer_reserve(pending, step))
        return uv_buf_init(NULL, 0);
    return wire_view(pending->data + pending->length, pending->capacity - pending->length);
}

/* Keeps what was not consumed; `rest` lies in the shared buffer or inside `pending`. */
static void keep(struct connection *c, struct input rest)
{
    if (c->work->pending.length > 0) {
        if (rest.data != c->work->pending.data)
            memmove(c->work->pending.data, rest.data, rest.length);
        c->work->pending.length = rest.length;
    } else if (rest.length > 0) {
        buffer_append(&c->work->pending, rest.data, rest.length);
        if (c->work->pending.failed)
            connection_close(c);
    }
    if (c->work->pending.length == 0)
        buffer_finish(&c->work->pending);
}

/* True when the client has sent more than can be dealt with now. */
static bool is_ahead(const struct connection *c)
{
    return (is_busy(c) && c->work->pending.length > LIMIT_AHEAD) ||
           (c->work->dialogue.arrival != NULL && arrival_is_full(c->work->dialogue.arrival));
}

static void throttle(struct connection *c)
{
    if (c->paused || !is_ahead(c) || wire_is_closing(&c->wire))
        return;
    wire_pause(&c->wire);
    c->paused = true;
}

/* A part of the body is on its way to a file; until then the client is not to be blamed. */
static void await_file(struct connection *c)
{
    enter(c, HELD);
    arrival_watch(c->work->dialogue.arrival, on_arrival, c);
    throttle(c);
}

/* The client owes the rest of a body, but no answer is owed to it. */
static bool is_answered(const struct connection *c)
{
    return c->work->dialogue.arrival != NULL && arrival_is_dropped(c->work->dialogue.arrival);
}

/* The request is answered and its body has not arrived: the connection ends unless it soon will. */
static void judge_rest(struct connection *c)
{
    if (is_answered(c) && (c->last || arrival_is_hopeless(c->work->dialogue.arrival)))
        c->last = c->refused = true;
}

/* What to wait for from the client. */
static void await_client(struct connection *c)
{
    bool in_body = c->work->dialogue.intake.head_length > 0 || c->work->dialogue.arrival != NULL;

    judge_rest(c);
    if (c->last || c->ended ||
        (c->shared->exchange.stopping && c->work->pending.length == 0 && !in_body))
        finish(c);
    else if (in_body)
        enter_body(c);
    else
        enter(c, c->work->pending.length == 0 ? IDLE : HEAD);
}

/* What to wait for, now that all that could be answered is answered. */
static void await(struct connection *c)
{
    if (wire_is_closing(&c->wire) || c->phase == WRITING)
        return;
    if (c->work->dialogue.headless)
        hold(c);
    else if (c->work->dialogue.reply != NULL)
        pump(c);
    else if (arrival_is_storing(c->work->dialogue.arrival))
        await_file(c);
    else
        await_client(c);
}

static bool is_due(const struct connection *c, struct input input)
{
    return input.length > 0 || arrival_is_due(c->work->dialogue.arrival);
}

/* Answers as many requests as are there. */
static void serve(struct connection *c, struct input input)
{
    struct exchange *x = &c->shared->exchange;
    enum progress progress = READY;

    while (is_due(c, input) && progress == READY && !c->last && !is_busy(c) &&
           !wire_is_closing(&c->wire)) {
        progress = exchange_advance(x, &c->work->dialogue, &input);
        if (progress == WAITING)
            break;
        c->phase = IDLE;
        c->refused = progress == REFUSED;
        c->last = c->refused || !x->response.keep_alive;
        input.data += x->request.consumed;
        input.length = c->last ? 0 : input.length - x->request.consumed;
        if (x->response.tail.length > 0 || x->output.length > LIMIT_GATHER ||
            c->work->dialogue.file.left > 0)
            flush(c);
    }
    if (!wire_is_closing(&c->wire))
        keep(c, input);
    flush(c);
    await(c);
}

static void serve_pending(struct connection *c)
{
    if (c->work->pending.length > 0)
        serve(c, (struct input){c->work->pending.data, c->work->pending.length, c->ended});
    else if (arrival_is_due(c->work->dialogue.arrival))
        serve(c, (struct input){c->shared->read_buffer, 0, c->ended});
    else
        await(c);
}

static void read_again(struct connection *c)
{
    if (!is_ahead(c) && !wire_is_closing(&c->wire))
        resume(c);
}

/* After a pause: the response is written as far as it was there, or there is news of it. */
static void go_on(struct connection *c)
{
    if (c->work->dialogue.headless) {
        if (exchange_resume(&c->shared->exchange, &c->work->dialogue) == WAITING) {
            hold(c);
            return;
        }
        c->last = !c->shared->exchange.response.keep_alive;
        flush(c);
        if (c->phase == WRITING || wire_is_closing(&c->wire))
            return;
    }
    if (c->work->dialogue.file.left > 0) {
        flush(c);
        if (c->phase == WRITING || wire_is_closing(&c->wire))
            return;
    }
    if (c->last || c->work->dialogue.reply != NULL)
        await(c);
    else
        serve_pending(c);
    read_again(c);
}

static void on_sent(struct wire *wire)
{
    struct connection *c = owner_of(wire);

    c->phase = IDLE;
    if (c->client.account != NULL)
        journal_sent(c->shared->exchange.journal, c->client.account, &c->client.peer, 0, 0);
    if (c->work->dialogue.headless)
        hold(c);
    else
        go_on(c);
    settle(c);
}

static void receive(struct connection *c, char *data, size_t length)
{
    struct input input = {data, length, false};

    if (traces(c, 3))
        journal_trace(&c->client.peer, "read %zu, %s", length, phase_name(c));
    if (c->phase == LINGERING)
        return;
    if (c->work->pending.length > 0) {
        c->work->pending.length += length;
        input = (struct input){c->work->pending.data, c->work->pending.length, false};
    }
    if (!is_busy(c)) {
        serve(c, input);
        return;
    }
    if (c->work->dialogue.arrival != NULL)
        exchange_receive(&c->work->dialogue, &input);
    keep(c, input);
    throttle(c);
}

static void on_data(struct wire *wire, char *data, size_t length)
{
    struct connection *c = owner_of(wire);

    c->work->dialogue.client = &c->client;
    receive(c, data, length);
    settle(c);
}

/* The client will send no more. What it sent is looked at once again: a head that is faulty but
 * unfinished is refused, as it would have been in one piece. */
static void on_end(struct wire *wire)
{
    struct connection *c = owner_of(wire);
    struct dialogue *dialogue = &c->work->dialogue;

    c->ended = true;
    if (dialogue->arrival != NULL)
        arrival_end(dialogue->arrival);
    if (c->phase == LINGERING || (dialogue->reply != NULL && handler_is_held(dialogue->reply)))
        connection_close(c);
    else if (!is_busy(c))
        serve_pending(c);
    settle(c);
}

/* ---- beginning ---- */

int connection_init(struct connection *c, const uv_stream_t *listener)
{
    static const struct wire_owner owner = {room, on_data, on_end, on_sent, on_failure, on_closed};

    return wire_init(&c->wire, listener, &owner);
}

int connection_start(struct connection *c, uv_stream_t *listener)
{
    int status = wire_start(&c->wire, listener, c->shared->tls);

    c->work = &c->shared->none;
    c->client.peer.number = ++c->shared->count;
    if (status != 0)
        return status;
    wire_peer(&c->wire, &c->client.peer);
    if (traces(c, 2))
        journal_trace(&c->client.peer, "opened");
    enter(c, c->shared->tls != NULL ? OPENING : IDLE);
    return 0;
}

/* ---- from outside ---- */

void connection_end_overdue(struct connection *c)
{
    size_t queued = wire_queued(&c->wire);

    if (wire_is_closing(&c->wire) || c->deadline > c->shared->seconds)
        return;
    if (c->phase == WRITING && queued < c->work->queued) { /* slow, but alive */
        c->work->queued = queued;
        enter(c, WRITING);
    } else if ((c->phase == HEAD || c->phase == BODY) && !is_answered(c)) {
        exchange_time_out(&c->shared->exchange, &c->work->dialogue,
                          &(struct input){c->work->pending.data, c->work->pending.length, false});
        c->last = c->refused = true;
        flush(c);
        await(c);
    } else {
        connection_close(c);
    }
    settle(c);
}

void connection_end_idle(struct connection *c)
{
    if ((c->phase == IDLE || c->phase == OPENING) && !is_busy(c) && !wire_has_unread(&c->wire))
        connection_close(c);
    else if (c->work->dialogue.reply != NULL)
        handler_stop(c->work->dialogue.reply);
}
