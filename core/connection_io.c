#include "connection_io.h"

#include "connection_state.h"
#include "file_body.h"

/* ---- writing ---- */

/* `length` bytes were handed over, unless they are lost. */
void connection_note_sent(struct connection *c, size_t length, enum sent sent)
{
    if (connection_traces(c, 3))
        journal_trace(&c->client.peer, "write %zu, %zu wait, %s", length, wire_queued(&c->wire),
                      connection_phase(c));
    if (c->client.account != NULL && sent != LOST)
        journal_sent(c->shared->exchange.journal, c->client.account, &c->client.peer, length,
                     wire_queued(&c->wire));
    if (sent == LOST) {
        connection_close(c);
    } else if (sent == QUEUED) {
        connection_enter(c, WRITING);
        c->work->queued = wire_queued(&c->wire);
    }
}

struct slice connection_output(const struct exchange *x)
{
    return (struct slice){x->output.data, x->output.length};
}

/* Sends what the exchange has gathered, and then as much of the file as the socket takes. */
static void send_file(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;
    struct file_part *file = &c->work->dialogue.file;
    uint64_t left = file->left;
    enum sent sent = file_body_send(&c->wire, connection_output(x), file, &x->block);
    size_t length = x->output.length + (size_t)(left - file->left);

    if (c->client.account != NULL && file->left == 0)
        journal_end(c->client.account, length);
    connection_note_sent(c, length, sent);
    if (!wire_is_closing(&c->wire) && file->left == 0 &&
        exchange_end_file(&c->work->dialogue) == BROKEN)
        c->last = true;
}

void connection_flush(struct connection *c)
{
    struct exchange *x = &c->shared->exchange;

    if (x->output.failed)
        connection_close(c);
    if (c->work->dialogue.file.left > 0 && c->phase != WRITING && !wire_is_closing(&c->wire))
        send_file(c);
    else if (x->output.length + x->response.tail.length > 0 && !wire_is_closing(&c->wire))
        connection_note_sent(c, x->output.length + x->response.tail.length,
                  wire_send(&c->wire, connection_output(x), x->response.tail));
    exchange_settle(x);
}

/* ---- reading ---- */

uv_buf_t connection_room(struct wire *wire)
{
    struct connection *c = connection_of(wire);
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

void connection_keep(struct connection *c, struct input rest)
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

bool connection_is_ahead(const struct connection *c)
{
    return (connection_is_busy(c) && c->work->pending.length > LIMIT_AHEAD) ||
           (c->work->dialogue.arrival != NULL && arrival_is_full(c->work->dialogue.arrival));
}

void connection_throttle(struct connection *c)
{
    if (c->paused || !connection_is_ahead(c) || wire_is_closing(&c->wire))
        return;
    wire_pause(&c->wire);
    c->paused = true;
}
