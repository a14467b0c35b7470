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

/* What stands at `data`, `*rest` bytes, begins with the trailer section, or goes on with it; what
 * stands behind that is moved there. */
static enum progress take_trailer(struct body *body, char *data, size_t *rest)
{
    size_t taken;
    int status = trailer_take(&body->trailer, (struct slice){data, *rest}, &taken);

    if (status != 0)
        return refuse(body, status);
    *rest -= taken;
    if (*rest > 0)
        memmove(data, data + taken, *rest);
    body->whole = body->trailer.whole;
    return body->whole ? READY : WAITING;
}

/* The limit goes before a fault: who receives the bytes piecemeal has not seen the fault yet. */
static enum progress take_chunks(struct body *body, char *data, size_t *length, size_t *rest)
{
    size_t received = *length;
    ssize_t behind;

    if (body->in_trailer) {
        *rest = *length;
        *length = 0;
        return take_trailer(body, data, rest);
    }
    behind = phr_decode_chunked(&body->decoder, data, length);

    body->length += *length;
    body->overhead += received - *length - (behind > 0 ? (size_t)behind : 0);
    if (exceeds(body))
        return refuse(body, 413);
    if (behind == PHR_FAULT)
        return refuse(body, 400);
    body->in_trailer = behind >= 0;
    *rest = body->in_trailer ? (size_t)behind : 0;
    return body->in_trailer ? take_trailer(body, data + *length, rest) : WAITING;
}

enum progress body_take(struct body *body, char *data, size_t *length, size_t *rest)
{
    return body->chunked ? take_chunks(body, data, length, rest) : take_sized(body, length, rest);
}
