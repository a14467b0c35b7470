#include "arrival.h"

#include "spool.h"
#include "upload.h"

#include <errno.h>
#include <stdlib.h>

/* One of `spool` and `upload` is set. */
struct arrival {
    struct body body;
    struct spool *spool;
    struct buffer head;    /* of the request whose body is in `spool`, */
    struct input seen;     /* ... and as the parser takes it */
    struct upload *upload;
    bool dropped;
    uint64_t dropped_from; /* body.length when the request was answered */
    bool failed;           /* nothing more is taken; body.refusal is the status */
};

/* ---- life ---- */

struct arrival *arrival_to_file(const struct body *body, struct slice head, struct slice begun,
                                uv_loop_t *loop)
{
    struct arrival *arrival = calloc(1, sizeof(*arrival));

    if (arrival == NULL || (arrival->spool = spool_create(loop)) == NULL) {
        free(arrival);
        return NULL;
    }
    arrival->body = *body;
    buffer_append_slice(&arrival->head, head);
    arrival->seen = (struct input){arrival->head.data, arrival->head.length, false};
    spool_append(arrival->spool, begun, false);
    if (!arrival->head.failed)
        return arrival;
    arrival_destroy(arrival);
    return NULL;
}

struct arrival *arrival_to_thread(const struct body *body, unsigned seconds, bool owes_continue)
{
    struct arrival *arrival = calloc(1, sizeof(*arrival));

    if (arrival == NULL || (arrival->upload = upload_create(seconds, owes_continue)) == NULL) {
        free(arrival);
        return NULL;
    }
    arrival->body = *body;
    return arrival;
}

void arrival_destroy(struct arrival *arrival)
{
    if (arrival == NULL)
        return;
    arrival_watch(arrival, NULL, NULL);
    if (arrival->upload != NULL)
        upload_finish(arrival->upload, UPLOAD_GONE);
    upload_release(arrival->upload);
    spool_release(arrival->spool);
    buffer_finish(&arrival->head);
    free(arrival);
}

/* ---- bytes ---- */

/* What was sound before a fault is handed on too: had the fault come later, it would have been. */
static void hand_on(struct arrival *arrival, struct slice piece, enum progress progress)
{
    uint64_t excess = arrival->body.length > arrival->body.limit
                          ? arrival->body.length - arrival->body.limit
                          : 0;

    piece.length -= excess < piece.length ? (size_t)excess : piece.length;
    if (arrival->dropped)
        return;
    if (arrival->spool != NULL) {
        spool_append(arrival->spool, piece, progress == READY);
        return;
    }
    upload_write(arrival->upload, piece);
    if (progress == READY)
        upload_finish(arrival->upload, UPLOAD_WHOLE);
    else if (progress == REFUSED)
        upload_finish(arrival->upload,
                      arrival->body.refusal == 413 ? UPLOAD_TOO_BIG : UPLOAD_FAULTY);
}

static void take(struct arrival *arrival, struct input *input)
{
    size_t length = input->length, rest = 0;
    enum progress progress = body_take(&arrival->body, input->data, &length, &rest);

    arrival->failed = progress == REFUSED;
    hand_on(arrival, (struct slice){input->data, length}, progress);
    input->data += arrival->failed ? 0 : length;
    input->length = rest;
}

enum progress arrival_take(struct arrival *arrival, struct input *input)
{
    if (arrival->failed)
        input->length = 0;
    else if (!arrival->body.whole)
        take(arrival, input);
    if (arrival->failed)
        return REFUSED;
    if (arrival->spool != NULL && !arrival->dropped) {
        if (spool_is_busy(arrival->spool))
            return WAITING;
        if (spool_error(arrival->spool) != 0)
            return REFUSED;
    }
    return arrival->body.whole ? READY : WAITING;
}

const struct input *arrival_head(const struct arrival *arrival)
{
    return &arrival->seen;
}

void arrival_recall(const struct arrival *arrival, struct request *request)
{
    size_t scanned = 0;

    request_parse(request, &scanned, &arrival->seen);
    request->spool = arrival->spool;
    request->body.length = (size_t)arrival->body.length;
    request->fields.content_length = arrival->body.length;
}

/* ---- state ---- */

int arrival_file_error(const struct arrival *arrival)
{
    return arrival->spool != NULL && !spool_is_busy(arrival->spool) ? spool_error(arrival->spool)
                                                                    : 0;
}

int arrival_refusal(const struct arrival *arrival)
{
    int error = arrival_file_error(arrival);

    if (error != 0)
        return error == ENOSPC || error == EDQUOT || error == EFBIG ? 507 : 500;
    if (arrival->upload == NULL)
        return arrival->failed ? arrival->body.refusal : 0;
    switch (upload_fault(arrival->upload)) {
    case UPLOAD_GONE:
    case UPLOAD_FAULTY:
        return 400;
    case UPLOAD_STALLED:
        return 408;
    case UPLOAD_TOO_BIG:
        return 413;
    case UPLOAD_NO_MEMORY:
        return 500;
    case UPLOAD_OPEN:
    case UPLOAD_WHOLE:
    case UPLOAD_ANSWERED:
        break;
    }
    return 0;
}

struct upload *arrival_upload(const struct arrival *arrival)
{
    return arrival->upload;
}

bool arrival_is_full(const struct arrival *arrival)
{
    if (arrival->dropped)
        return false;
    return arrival->failed || (arrival->upload != NULL ? upload_is_full(arrival->upload)
                                                       : spool_is_busy(arrival->spool));
}

bool arrival_is_storing(const struct arrival *arrival)
{
    return arrival != NULL && arrival->spool != NULL && !arrival->dropped &&
           spool_is_busy(arrival->spool);
}

bool arrival_is_due(const struct arrival *arrival)
{
    return arrival != NULL && arrival->spool != NULL && !arrival_is_storing(arrival) &&
           (arrival->body.whole || spool_error(arrival->spool) != 0);
}

bool arrival_is_over(const struct arrival *arrival)
{
    return arrival->upload == NULL || arrival->body.whole;
}

bool arrival_takes_continue(struct arrival *arrival)
{
    return arrival->upload != NULL && !arrival->dropped && upload_takes_continue(arrival->upload);
}

void arrival_drop(struct arrival *arrival)
{
    arrival->dropped = true;
    arrival->dropped_from = arrival->body.length;
    if (arrival->upload != NULL)
        upload_finish(arrival->upload, UPLOAD_ANSWERED);
}

bool arrival_is_dropped(const struct arrival *arrival)
{
    return arrival->dropped;
}

bool arrival_is_hopeless(const struct arrival *arrival)
{
    uint64_t dropped = arrival->dropped ? arrival->body.length - arrival->dropped_from : 0;

    if (arrival->upload == NULL)
        return false;
    if (arrival->failed || arrival_refusal(arrival) != 0 ||
        upload_owes_continue(arrival->upload))
        return true;
    return arrival->body.left > LIMIT_DRAIN || dropped > LIMIT_DRAIN;
}

void arrival_end(struct arrival *arrival)
{
    if (arrival->upload != NULL)
        upload_finish(arrival->upload, UPLOAD_GONE);
}

uint64_t arrival_length(const struct arrival *arrival)
{
    return arrival != NULL ? arrival->body.length : 0;
}

void arrival_watch(struct arrival *arrival, void (*ready)(void *context), void *context)
{
    if (arrival->upload != NULL)
        upload_watch(arrival->upload, ready, context);
    if (arrival->spool != NULL)
        spool_watch(arrival->spool, ready, context);
}
