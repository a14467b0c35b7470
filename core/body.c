#include "body.h"

enum { PHR_FAULT = -1 };

static enum progress refuse(struct body *body, int status)
{
    body->refusal = status;
    return REFUSED;
}

enum progress body_begin(struct body *body, const struct request_fields *fields, uint64_t limit)
{
    memset(body, 0, sizeof(*body));
    body->limit = limit;
    body->chunked = fields->chunked;
    body->decoder.consume_trailer = 1;
    body->decoder._total_read = UINT64_MAX / 2; /* its own judgement depends on the pieces */
    if (body->chunked)
        return WAITING;
    body->left = fields->content_length;
    body->whole = body->left == 0;
    if (body->left > limit)
        return refuse(body, 413);
    return body->whole ? READY : WAITING;
}

static enum progress take_sized(struct body *body, size_t *length, size_t *rest)
{
    *rest = 0;
    if (*length >= body->left) {
        *rest = *length - (size_t)body->left;
        *length = (size_t)body->left;
        body->whole = true;
    }
    body->length += *length;
    body->left -= *length;
    return body->whole ? READY : WAITING;
}

static bool exceeds(const struct body *body)
{
    return body->length > body->limit ||
           body->decoder.bytes_left_in_chunk > body->limit - body->length ||
           (body->overhead > LIMIT_CHUNK_OVERHEAD &&
            (body->overhead - LIMIT_CHUNK_OVERHEAD) / 4 > body->limit);
}

/* The limit goes before a fault: who receives the bytes piecemeal has not seen the fault yet. */
static enum progress take_chunks(struct body *body, char *data, size_t *length, size_t *rest)
{
    size_t received = *length;
    ssize_t behind = phr_decode_chunked(&body->decoder, data, length);

    body->length += *length;
    body->overhead += received - *length - (behind > 0 ? (size_t)behind : 0);
    if (exceeds(body))
        return refuse(body, 413);
    if (behind == PHR_FAULT)
        return refuse(body, 400);
    body->whole = behind >= 0;
    *rest = body->whole ? (size_t)behind : 0;
    return body->whole ? READY : WAITING;
}

enum progress body_take(struct body *body, char *data, size_t *length, size_t *rest)
{
    return body->chunked ? take_chunks(body, data, length, rest) : take_sized(body, length, rest);
}
