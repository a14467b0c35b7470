#include "connection.h"

#include "connection_io.h"
#include "connection_state.h"

static void serve(struct connection *c, struct input input);
static void serve_pending(struct connection *c);
static void read_again(struct connection *c);
static void go_on(struct connection *c);

static void on_failure(struct wire *wire)
{
    connection_close(connection_of(wire));
}

static void on_news(void *context)
{
    struct connection *c = context;

    if (c->phase == WRITING) /* 100 (Continue) is still on its way: on_sent looks again */
        return;
    c->phase = IDLE;
    go_on(c);
    connection_settle(c);
}

/* Says 100 (Continue) if the handler at work reads and the client waits for it. */
static void offer_continue(struct connection *c)
{
    exchange_continue(&c->shared->exchange, &c->work->dialogue);
    if (c->shared->exchange.output.length > 0)
        connection_flush(c);
}

/* There is news of a body that goes to a file or to a handler at work. */
static void on_arrival(void *context)
{
    struct connection *c = context;

    if (c->work->dialogue.headless && c->phase != WRITING) {
        offer_continue(c);
    } else if (!connection_is_busy(c)) {
        c->phase = IDLE;
        serve_pending(c);
    }
    read_again(c);
    connection_settle(c);
}

/* The app is at work, or has nothing to say at present. */
static void hold(struct connection *c)
{
    connection_enter(c, HELD);
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
        connection_note_sent(c, x->output.length, wire_queue(&c->wire, connection_output(x)));
    exchange_settle(x);
}

/* A part of the body is on its way to a file; until then the client is not to be blamed. */
static void await_file(struct connection *c)
{
    connection_enter(c, HELD);
    arrival_watch(c->work->dialogue.arrival, on_arrival, c);
    connection_throttle(c);
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
        connection_finish(c);
    else if (in_body)
        connection_enter_body(c);
    else
        connection_enter(c, c->work->pending.length == 0 ? IDLE : HEAD);
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

    while (is_due(c, input) && progress == READY && !c->last && !connection_is_busy(c) &&
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
            connection_flush(c);
    }
    if (!wire_is_closing(&c->wire))
        connection_keep(c, input);
    connection_flush(c);
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
    if (!connection_is_ahead(c) && !wire_is_closing(&c->wire))
        connection_resume(c);
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
        connection_flush(c);
        if (c->phase == WRITING || wire_is_closing(&c->wire))
            return;
    }
    if (c->work->dialogue.file.left > 0) {
        connection_flush(c);
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
    struct connection *c = connection_of(wire);

    c->phase = IDLE;
    if (c->client.account != NULL)
        journal_sent(c->shared->exchange.journal, c->client.account, &c->client.peer, 0, 0);
    if (c->work->dialogue.headless)
        hold(c);
    else
        go_on(c);
    connection_settle(c);
}

static void receive(struct connection *c, char *data, size_t length)
{
    struct input input = {data, length, false};

    if (connection_traces(c, 3))
        journal_trace(&c->client.peer, "read %zu, %s", length, connection_phase(c));
    if (c->phase == LINGERING)
        return;
    if (c->work->pending.length > 0) {
        c->work->pending.length += length;
        input = (struct input){c->work->pending.data, c->work->pending.length, false};
    }
    if (!connection_is_busy(c)) {
        serve(c, input);
        return;
    }
    if (c->work->dialogue.arrival != NULL)
        exchange_receive(&c->work->dialogue, &input);
    connection_keep(c, input);
    connection_throttle(c);
}

static void on_data(struct wire *wire, char *data, size_t length)
{
    struct connection *c = connection_of(wire);

    c->work->dialogue.client = &c->client;
    receive(c, data, length);
    connection_settle(c);
}

/* The client will send no more. What it sent is looked at once again: a head that is faulty but
 * unfinished is refused, as it would have been in one piece. */
static void on_end(struct wire *wire)
{
    struct connection *c = connection_of(wire);
    struct dialogue *dialogue = &c->work->dialogue;

    c->ended = true;
    if (dialogue->arrival != NULL)
        arrival_end(dialogue->arrival);
    if (c->phase == LINGERING || (dialogue->reply != NULL && handler_is_held(dialogue->reply)))
        connection_close(c);
    else if (!connection_is_busy(c))
        serve_pending(c);
    connection_settle(c);
}

/* ---- beginning ---- */

int connection_init(struct connection *c, const uv_stream_t *listener)
{
    static const struct wire_owner owner = {connection_room, on_data,    on_end,
                                            on_sent,         on_failure, connection_on_closed};

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
    if (connection_traces(c, 2))
        journal_trace(&c->client.peer, "opened");
    connection_enter(c, c->shared->tls != NULL ? OPENING : IDLE);
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
        connection_enter(c, WRITING);
    } else if ((c->phase == HEAD || c->phase == BODY) && !is_answered(c)) {
        exchange_time_out(&c->shared->exchange, &c->work->dialogue,
                          &(struct input){c->work->pending.data, c->work->pending.length, false});
        c->last = c->refused = true;
        connection_flush(c);
        await(c);
    } else {
        connection_close(c);
    }
    connection_settle(c);
}

void connection_end_idle(struct connection *c)
{
    if ((c->phase == IDLE || c->phase == OPENING) && !connection_is_busy(c) &&
        !wire_has_unread(&c->wire))
        connection_close(c);
    else if (c->work->dialogue.reply != NULL)
        handler_stop(c->work->dialogue.reply);
}
