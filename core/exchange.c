#include "exchange.h"

static void end_reply(struct dialogue *dialogue)
{
    dialogue->file.left = 0;
    file_entry_release(dialogue->cached);
    dialogue->cached = NULL;
    handler_drop(dialogue->reply);
    dialogue->reply = NULL;
}

/* OPTIONS * asks about the server as a whole (RFC 9110 section 9.3.7); no handler can answer that.
 * */
static void answer_options(struct response *response)
{
    response_plain(response, 200, "");
    response_field(response, SLICE("Allow"), SLICE("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
}

static bool asks_for_health(const struct exchange *x)
{
    return x->health.length > 0 && x->health.length == x->request.path.length &&
           memcmp(x->health.data, x->request.path.data, x->health.length) == 0;
}

/* A static file that was sent before is sent without asking Python. */
static void answer_route(struct exchange *x, struct dialogue *dialogue, int route)
{
    if (file_cache_answer(&x->files, route, &x->request, &x->response, &dialogue->cached))
        return;
    handler_call(x->handler, route, &x->request, &dialogue->peer, &dialogue->visitor, &x->response,
                 &dialogue->reply);
    if (x->response.offer.made)
        file_cache_keep(&x->files, route, &x->request, &x->response);
}

static void answer(struct exchange *x, struct dialogue *dialogue)
{
    int route = router_find(x->router, x->request.path);

    if (x->request.target.asterisk)
        answer_options(&x->response);
    else if (asks_for_health(x))
        response_plain(&x->response, x->stopping ? 503 : 200, x->stopping ? NULL : "ok");
    else if (route == ROUTE_NONE)
        response_plain(&x->response, 404, NULL);
    else
        answer_route(x, dialogue, route);
}

static void append_continue(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->intake.owes_continue)
        buffer_append_slice(&x->output, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
    dialogue->intake.owes_continue = false;
}

static void note_end(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->account != NULL)
        journal_end(dialogue->account, x->output.length + x->response.tail.length);
}

static void note_head(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->account == NULL)
        return;
    journal_head(dialogue->account, x->response.status, x->response.body_at);
    if (dialogue->reply == NULL && dialogue->file.left == 0)
        note_end(x, dialogue);
}

/* A file is cut where the announced length ends. */
static void begin_file(struct exchange *x, struct dialogue *dialogue)
{
    dialogue->file = x->response.file;
    if (dialogue->file.left > dialogue->framing.left)
        dialogue->file.left = dialogue->framing.left;
    dialogue->framing.left -= dialogue->file.left;
    if (x->response.file.left > 0 && dialogue->file.left == 0)
        end_reply(dialogue);
}

/* The head, and what there is of the body. `followed`: the next request is here already; a stopping
 * server answers that too. */
static void begin(struct exchange *x, struct dialogue *dialogue, bool followed)
{
    if ((x->stopping && !followed) || x->single)
        x->response.keep_alive = false;
    response_begin(&x->response, &x->banner, &x->output);
    dialogue->framing = x->response.framing;
    begin_file(x, dialogue);
    if (x->response.is_head || x->response.framing.kind == FRAMING_NONE)
        end_reply(dialogue);
    note_head(x, dialogue);
}

enum progress exchange_advance(struct exchange *x, struct dialogue *dialogue, struct input *input)
{
    enum progress progress = intake_head(&x->request, &dialogue->intake, input);

    if (progress == READY)
        progress = intake_body(&x->request, &dialogue->intake, input, x->body_limit);
    if (progress == WAITING) {
        append_continue(x, dialogue);
        return WAITING;
    }
    if (x->journal != NULL)
        journal_begin(x->journal, &dialogue->account, &dialogue->peer, &x->request, input,
                      progress == REFUSED);
    response_reset(&x->response, &x->request);
    if (progress == REFUSED)
        response_refuse(&x->response, x->request.refusal);
    else
        answer(x, dialogue);
    if (x->response.later) {
        dialogue->headless = true;
        dialogue->terms = response_terms(&x->response);
        return READY;
    }
    begin(x, dialogue, progress == READY && input->length > x->request.consumed);
    return progress;
}

enum progress exchange_resume(struct exchange *x, struct dialogue *dialogue)
{
    response_renew(&x->response, dialogue->terms);
    if (!handler_collect(x->handler, &x->response, &dialogue->reply))
        return WAITING;
    dialogue->headless = false;
    begin(x, dialogue, false);
    return READY;
}

enum writing exchange_more(struct exchange *x, struct dialogue *dialogue)
{
    struct slice piece = {NULL, 0};
    enum writing writing = handler_next(dialogue->reply, &piece);

    if (writing == MORE)
        writing = response_chunk(&dialogue->framing, piece, &x->output);
    else if (writing == DONE)
        writing = response_end(&dialogue->framing, &x->output);
    if (writing == DONE || writing == BROKEN) {
        end_reply(dialogue);
        note_end(x, dialogue);
    }
    return writing;
}

enum writing exchange_end_file(struct dialogue *dialogue)
{
    end_reply(dialogue);
    return dialogue->framing.left > 0 ? BROKEN : DONE;
}

void exchange_time_out(struct exchange *x, struct dialogue *dialogue, const struct input *input)
{
    if (x->journal != NULL)
        journal_begin(x->journal, &dialogue->account, &dialogue->peer, NULL, input, true);
    memset(&x->request.method, 0, sizeof(x->request.method));
    x->request.minor_version = 1;
    response_reset(&x->response, &x->request);
    response_refuse(&x->response, 408);
    response_begin(&x->response, &x->banner, &x->output);
    note_head(x, dialogue);
}

void exchange_settle(struct exchange *x)
{
    x->output.length = 0;
    x->output.failed = false;
    x->response.tail = (struct slice){NULL, 0};
    handler_settle(x->handler);
}

void dialogue_finish(struct dialogue *dialogue)
{
    end_reply(dialogue);
    handler_forget(dialogue->visitor);
    dialogue->visitor = NULL;
}

void exchange_finish(struct exchange *x)
{
    buffer_finish(&x->output);
    buffer_finish(&x->block);
    file_cache_finish(&x->files);
    request_finish(&x->request);
    response_finish(&x->response);
}
