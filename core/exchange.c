#include "exchange.h"

#include <stdio.h>

static void end_arrival(struct dialogue *dialogue)
{
    arrival_destroy(dialogue->arrival);
    dialogue->arrival = NULL;
}

/* The response is complete: nobody reads the body any more. */
static void end_reply(struct dialogue *dialogue)
{
    dialogue->file.left = 0;
    file_entry_release(dialogue->cached);
    dialogue->cached = NULL;
    handler_drop(dialogue->reply);
    dialogue->reply = NULL;
    if (dialogue->arrival != NULL)
        arrival_drop(dialogue->arrival);
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
    handler_call(x->handler, route, &x->request, &dialogue->client->peer, &x->response,
                 &dialogue->reply);
    if (x->response.offer.made)
        file_cache_keep(&x->files, route, &x->request, &x->response);
}

static void answer(struct exchange *x, struct dialogue *dialogue)
{
    if (x->request.target.asterisk)
        answer_options(&x->response);
    else if (asks_for_health(x))
        response_plain(&x->response, x->stopping ? 503 : 200, x->stopping ? NULL : "ok");
    else if (x->route == ROUTE_NONE)
        response_plain(&x->response, 404, NULL);
    else
        answer_route(x, dialogue, x->route);
}

static void append_continue(struct exchange *x)
{
    buffer_append_slice(&x->output, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* Where the first line of the request stands. */
static const struct input *head_of(const struct dialogue *dialogue, const struct input *input)
{
    bool is_filed = dialogue->arrival != NULL && arrival_upload(dialogue->arrival) == NULL;

    return is_filed ? arrival_head(dialogue->arrival) : input;
}

static void note_end(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->client->account != NULL)
        journal_end(dialogue->client->account, x->output.length + x->response.tail.length);
}

static void note_head(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->client->account == NULL)
        return;
    journal_head(dialogue->client->account, x->response.status, x->response.body_at);
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
    if (dialogue->arrival != NULL && x->response.whole && arrival_is_hopeless(dialogue->arrival))
        x->response.keep_alive = false;
    response_begin(&x->response, &x->banner, &x->output);
    dialogue->framing = x->response.framing;
    begin_file(x, dialogue);
    if (x->response.is_head || x->response.framing.kind == FRAMING_NONE)
        end_reply(dialogue);
    note_head(x, dialogue);
    if (dialogue->arrival != NULL && dialogue->reply == NULL && dialogue->file.left == 0)
        arrival_drop(dialogue->arrival);
}

/* ---- requests ---- */

static enum progress refuse(struct exchange *x, int status)
{
    x->request.refusal = status;
    return REFUSED;
}

/* The body is too long for memory. */
static enum progress spill(struct exchange *x, struct dialogue *dialogue, struct input *input)
{
    struct intake *intake = &dialogue->intake;
    size_t head_length = intake->head_length;
    struct slice head = {input->data, head_length};
    struct slice begun = {input->data + head_length, input->length - head_length};
    bool owes_continue = intake->owes_continue;

    dialogue->arrival = arrival_to_file(&intake->body, head, begun, x->loop);
    memset(intake, 0, sizeof(*intake));
    intake->owes_continue = owes_continue;
    if (dialogue->arrival == NULL) {
        request_parse(&x->request, &intake->scanned, input);
        return refuse(x, 500);
    }
    input->length = 0;
    return WAITING;
}

/* The handler is called with the body still to come. */
static enum progress begin_upload(struct exchange *x, struct dialogue *dialogue,
                                  struct input *input, uint64_t limit)
{
    size_t head_length = x->request.head.length;
    struct input rest = {input->data + head_length, input->length - head_length, input->ended};
    struct body body;

    memset(&dialogue->intake, 0, sizeof(dialogue->intake));
    if (body_begin(&body, &x->request.fields, limit) == REFUSED)
        return refuse(x, body.refusal);
    dialogue->arrival = arrival_to_thread(&body, x->body_seconds,
                                          x->request.fields.expects_continue && rest.length == 0);
    if (dialogue->arrival == NULL)
        return refuse(x, 500);
    x->request.upload = arrival_upload(dialogue->arrival);
    arrival_take(dialogue->arrival, &rest);
    x->request.consumed = (size_t)(rest.data - input->data);
    input->length = x->request.consumed + rest.length;
    return READY;
}

/* A file that cannot be written is the operator's business, not the client's. */
static void report_file(const struct exchange *x, const struct dialogue *dialogue)
{
    char peer[PEER_TEXT_SIZE];

    peer_write(&dialogue->client->peer, peer);
    fprintf(stderr, "fapws4: %.*s %.*s from %s: the body cannot be kept in TMPDIR: %s\n",
            (int)x->request.method.length, x->request.method.data, (int)x->request.text.length,
            x->request.text.data, peer, strerror(arrival_file_error(dialogue->arrival)));
}

/* A body on its way to a file. */
static enum progress take_stored(struct exchange *x, struct dialogue *dialogue,
                                 struct input *input)
{
    enum progress progress = arrival_take(dialogue->arrival, input);

    if (progress == WAITING)
        return WAITING;
    arrival_recall(dialogue->arrival, &x->request);
    x->route = router_find(x->router, x->request.path);
    if (progress == READY)
        return READY;
    if (arrival_file_error(dialogue->arrival) != 0)
        report_file(x, dialogue);
    return refuse(x, arrival_refusal(dialogue->arrival));
}

static bool has_body(const struct request *request)
{
    return request->fields.chunked || request->fields.content_length > 0;
}

static bool is_large(const struct intake *intake)
{
    return intake->head_length > 0 && intake->body.length + intake->body.left > LIMIT_SPILL;
}

static enum progress take_request(struct exchange *x, struct dialogue *dialogue,
                                  struct input *input)
{
    enum progress progress;
    uint64_t limit;

    if (dialogue->arrival != NULL)
        return take_stored(x, dialogue, input);
    x->request.slot = dialogue->client->slot;
    progress = intake_head(&x->request, &dialogue->intake, input);
    dialogue->client->slot = x->request.slot;
    if (progress == READY) {
        x->route = router_find(x->router, x->request.path);
        if (has_body(&x->request) && x->route != ROUTE_NONE &&
            handler_streams(x->handler, x->route, &limit))
            return begin_upload(x, dialogue, input, limit);
        progress = intake_body(&x->request, &dialogue->intake, input, x->body_limit);
    }
    if (progress == WAITING && is_large(&dialogue->intake))
        return spill(x, dialogue, input);
    return progress;
}

/* The rest of an answered request's body. READY: the next request stands at the start of `input`. */
static enum progress take_rest(struct exchange *x, struct dialogue *dialogue, struct input *input)
{
    enum progress progress = arrival_take(dialogue->arrival, input);

    x->request.consumed = 0;
    if (progress == WAITING && arrival_is_hopeless(dialogue->arrival))
        return REFUSED;
    if (progress == READY)
        end_arrival(dialogue);
    return progress;
}

enum progress exchange_advance(struct exchange *x, struct dialogue *dialogue, struct input *input)
{
    enum progress progress = READY;

    if (dialogue->arrival != NULL && arrival_is_dropped(dialogue->arrival))
        progress = take_rest(x, dialogue, input);
    if (progress != READY)
        return progress;
    progress = take_request(x, dialogue, input);
    if (progress == WAITING) {
        if (dialogue->intake.owes_continue)
            append_continue(x);
        dialogue->intake.owes_continue = false;
        return WAITING;
    }
    if (x->journal != NULL)
        journal_begin(x->journal, &dialogue->client->account, &dialogue->client->peer, &x->request,
                      head_of(dialogue, input), progress == REFUSED);
    response_reset(&x->response, &x->request);
    if (progress == REFUSED)
        response_refuse(&x->response, x->request.refusal);
    else
        answer(x, dialogue);
    if (x->response.later) {
        dialogue->headless = true;
        dialogue->terms = response_terms(&x->response);
    } else {
        begin(x, dialogue, progress == READY && input->length > x->request.consumed);
    }
    if (dialogue->arrival != NULL && arrival_is_over(dialogue->arrival))
        end_arrival(dialogue);
    return progress;
}

enum progress exchange_resume(struct exchange *x, struct dialogue *dialogue)
{
    response_renew(&x->response, dialogue->terms);
    if (dialogue->arrival != NULL)
        x->response.excuse = arrival_refusal(dialogue->arrival);
    if (!handler_collect(x->handler, &x->response, &dialogue->reply))
        return WAITING;
    dialogue->headless = false;
    begin(x, dialogue, false);
    return READY;
}

void exchange_receive(struct dialogue *dialogue, struct input *input)
{
    if (arrival_take(dialogue->arrival, input) == READY &&
        arrival_upload(dialogue->arrival) != NULL)
        end_arrival(dialogue);
}

void exchange_continue(struct exchange *x, struct dialogue *dialogue)
{
    if (dialogue->headless && dialogue->arrival != NULL &&
        arrival_takes_continue(dialogue->arrival))
        append_continue(x);
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
        journal_begin(x->journal, &dialogue->client->account, &dialogue->client->peer, NULL,
                      head_of(dialogue, input), true);
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
    end_arrival(dialogue); /* first: who reads it is to hear that the client has gone */
    end_reply(dialogue);
}

void exchange_finish(struct exchange *x)
{
    buffer_finish(&x->output);
    buffer_finish(&x->block);
    file_cache_finish(&x->files);
    request_finish(&x->request);
    response_finish(&x->response);
}
