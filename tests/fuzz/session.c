#include "session.h"

#include "../../core/connections.h"
#include "../../core/errands.h"
#include "stub.h"

#include <stdlib.h>

enum {
    BODY_LIMIT = 100000,   /* as MAX_BODY_SIZE of the app that the cases are written for */
    STEPS_MOST = 3000,     /* pieces; what is left then comes in large ones */
    LARGE_STEP = 65536,
    TURNS_MOST = 2000000,
};

static struct connections all;
static uv_loop_t loop;
static struct router router;
static struct journal journal; /* as with ACCESS_LOG: bytes of what is answered are counted */

static void set_up(void)
{
    static char read_buffer[LIMIT_READ];

    if (all.shared.read_buffer != NULL)
        return;
    all.shared.read_buffer = read_buffer;
    all.shared.exchange.body_limit = BODY_LIMIT;
    all.shared.exchange.router = &router;
    all.shared.exchange.health = SLICE("/health");
    banner_update(&all.shared.exchange.banner, 784111777);
    stub_fill(&router);
    journal.router = &router;
    journal.access_log = access_log_open("/dev/null");
    all.shared.exchange.journal = &journal;
    errands_begin(&loop);
    while (loop_turn())
        continue;
}

static void fail(const char *what, struct slice data)
{
    struct slice answered = loop_output();

    fprintf(stderr, "session: %s\n--- sent:\n%.*s\n--- answered:\n%.*s\n---\n", what,
            (int)data.length, data.data, (int)answered.length, answered.data);
    abort();
}

/* ---- one session ---- */

static bool turn(void)
{
    bool moved = loop_turn();

    return stub_work() || moved;
}

static void rest(struct slice data)
{
    long turns = 0;

    while (turn()) {
        if (++turns > TURNS_MOST)
            fail("it never comes to rest", data);
    }
}

/* 1 to 128 bytes, or by the half kilobyte. */
static size_t choose_step(void)
{
    uint8_t choice = loop_choose();

    return choice < 128 ? (size_t)choice + 1 : (size_t)(choice - 127) * 512;
}

static size_t step_of(const struct plan *plan, size_t at, size_t steps)
{
    if (plan->first > 0)
        return at < plan->first ? plan->first - at : LARGE_STEP;
    return plan->choices == NULL || steps > STEPS_MOST ? LARGE_STEP : choose_step();
}

static void pause_by(const struct plan *plan)
{
    if (plan->choices == NULL)
        return;
    for (unsigned turns = loop_choose() % 4; turns > 0; turns--)
        turn();
}

static void deliver(const struct plan *plan, struct slice data)
{
    size_t length = plan->parting == BREAKS ? plan->break_at : data.length;
    size_t at = 0, steps = 0;

    while (at < length && loop_condition() != CLOSED && loop_condition() != RESET) {
        size_t step = step_of(plan, at, steps++);
        size_t taken = loop_deliver(data.data + at, step < length - at ? step : length - at);
        at += taken;
        if (taken == 0 && !turn() && loop_condition() < CLOSED)
            fail("it has stopped reading for ever", data);
        if (plan->first > 0 && at == plan->first)
            rest(data);
        else
            pause_by(plan);
    }
}

static void part(const struct plan *plan)
{
    if (plan->parting == SAYS_NOTHING) {
        all.shared.seconds += 1000;
        if (all.first != NULL)
            connection_end_overdue(all.first);
    } else {
        loop_part(plan->parting == BREAKS ? UV_ECONNRESET : UV_EOF);
    }
}

/* A 100 (Continue) is sent only to who waits for it. */
static void keep_answers(struct buffer *bytes, struct slice answered)
{
    const struct slice interim = SLICE("HTTP/1.1 100 Continue\r\n\r\n");
    const char *found;

    bytes->length = 0;
    while (answered.length > 0 && (found = memmem(answered.data, answered.length, interim.data,
                                                  interim.length)) != NULL) {
        size_t length = (size_t)(found - answered.data);
        buffer_append(bytes, answered.data, length);
        answered.data += length + interim.length;
        answered.length -= length + interim.length;
    }
    buffer_append_slice(bytes, answered);
}

void session_run(const struct plan *plan, struct slice data, struct outcome *outcome)
{
    uv_stream_t listener;

    set_up();
    memset(&listener, 0, sizeof(listener));
    listener.type = UV_TCP;
    listener.loop = &loop;
    memset(all.shared.patience, 0, sizeof(all.shared.patience));
    loop_begin(plan->choices, plan->choice_count);
    if (connections_accept(&all, &listener) != 0)
        fail("it was not accepted", data);
    deliver(plan, data);
    if (plan->parting != BREAKS)
        rest(data);
    outcome->at_rest = loop_condition();
    part(plan);
    rest(data);
    if (loop_condition() == SHUT && plan->parting == SAYS_NOTHING) { /* it lingers once more */
        part(plan);
        rest(data);
    }
    keep_answers(&outcome->bytes, loop_output());
    access_log_write(journal.access_log);
    if (all.count > 0)
        fail("the connection stays open", data);
    if (stub_living() > 0)
        fail("the handler did not get back what it gave", data);
}

/* ---- two sessions ---- */

static bool begins_with(const struct buffer *whole, const struct buffer *start)
{
    return start->length <= whole->length &&
           (start->length == 0 || memcmp(whole->data, start->data, start->length) == 0);
}

void session_compare(const struct plan *plan, struct slice data)
{
    static struct outcome whole, split;
    const struct plan at_once = {NULL, 0, 0, plan->parting == BREAKS ? SAYS_END : plan->parting, 0};
    bool same;

    session_run(&at_once, data, &whole);
    session_run(plan, data, &split);
    same = begins_with(&whole.bytes, &split.bytes);
    if (plan->parting != BREAKS)
        same = same && whole.bytes.length == split.bytes.length && whole.at_rest == split.at_rest;
    if (same)
        return;
    fprintf(stderr, "--- answered at once (%d):\n%.*s\n--- in pieces (%d):\n%.*s\n", whole.at_rest,
            (int)whole.bytes.length, whole.bytes.data, split.at_rest, (int)split.bytes.length,
            split.bytes.data);
    fail("the answer depends on how the request was cut", data);
}
