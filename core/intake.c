#include "intake.h"

/* A body stays where it arrives, behind its head, so that one which is there in one piece is handed
 * over as it lies. */
static enum progress gather(struct intake *intake, struct input *input)
{
    size_t start = intake->head_length + (size_t)intake->body.length;
    size_t length = input->length - start, rest = 0;
    enum progress progress = body_take(&intake->body, input->data + start, &length, &rest);

    if (progress != REFUSED)
        input->length = start + length + rest;
    return progress;
}

static enum progress begin(const struct request *request, struct intake *intake,
                           struct input *input, uint64_t limit)
{
    size_t received = input->length - request->head.length;
    enum progress progress = body_begin(&intake->body, &request->fields, limit);

    if (progress != WAITING)
        return progress;
    intake->head_length = request->head.length;
    progress = gather(intake, input);
    intake->awaited = input->length + (size_t)intake->body.left;
    intake->owes_continue = request->fields.expects_continue && received == 0;
    return progress;
}

enum progress intake_head(struct request *request, struct intake *intake, struct input *input)
{
    enum progress progress = READY;

    if (input->length < intake->awaited)
        return WAITING;
    if (intake->head_length > 0)
        progress = gather(intake, input);
    if (progress == WAITING)
        return WAITING;
    if (progress == READY)
        return request_parse(request, &intake->scanned, input);
    request_parse(request, &intake->scanned, input);
    request->refusal = intake->body.refusal;
    return REFUSED;
}

enum progress intake_body(struct request *request, struct intake *intake, struct input *input,
                          uint64_t limit)
{
    enum progress progress = READY;

    if (request->fields.chunked || request->fields.content_length > 0) {
        if (!intake->body.whole)
            progress = begin(request, intake, input, limit);
        request->refusal = intake->body.refusal;
        if (progress != READY)
            return progress;
        request->body.data = input->data + request->head.length;
        request->body.length = (size_t)intake->body.length;
        request->fields.content_length = intake->body.length;
    }
    request->consumed = request->head.length + request->body.length;
    memset(intake, 0, sizeof(*intake));
    return READY;
}
