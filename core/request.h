/* The head of an HTTP/1.x request out of a stream of bytes (RFC 9112). Strict: what two readers
 * could understand differently is refused, because a proxy in front may have understood it the other
 * way. What stands behind the head is for intake.c. */
#ifndef FAPWS4_REQUEST_H
#define FAPWS4_REQUEST_H

#include "block_memo.h"
#include "limits.h"
#include "target.h"

/* The answers of every stage that reads. */
enum progress {
    WAITING, /* more bytes are needed */
    READY,   /* done */
    REFUSED  /* it will not be done; the status to answer says why */
};

/* Received bytes, writable: a chunked body is decoded in place, which makes `length` smaller. */
struct input {
    char *data;
    size_t length;
    bool ended; /* nothing will follow: a faulty head is refused although its line has no end */
};

struct spool;
struct upload;

/* All slices point into the input, into `decoded` or into `memo`, and are valid until the next request
 * is parsed or the input changes. Zeroed is valid. A body is in `body`; or in `spool`, and only its
 * length in `body`; or comes from `upload`, and its length is only in the fields, if it is known. */
struct request {
    struct slice method;
    struct slice text; /* the target as sent */
    struct target target;
    struct slice path; /* target.raw_path without percent-encoding */
    struct slice head; /* request line and fields, with the empty line that ends them */
    struct slice body;
    struct spool *spool;   /* NULL most of the time */
    struct upload *upload; /* the same */
    struct request_fields fields;
    int minor_version; /* 0 or 1; later 1.x are treated as 1 (RFC 9110 section 2.5) */
    size_t consumed; /* bytes of the input that belong to this request */
    int refusal;     /* REFUSED: the status to answer, 400..505 */
    size_t header_count;
    const struct phr_header *headers;
    unsigned char slot; /* of `memo`: where to look first; afterwards where the block was */
    const struct block *block; /* of `memo`: all fields are as they stand there; NULL for others */
    struct block_memo memo;
    struct phr_header parsed[LIMIT_HEADERS];
    char decoded[LIMIT_REQUEST_LINE];
};

/* Reads the head of the next request at the start of `input`. `*scanned` is 0 before the first look at
 * a head. WAITING: only `*scanned` has changed (the bytes that were parsed without fault); call again
 * with the same bytes and more behind them. READY: `request` is filled but for the body and `consumed`.
 * REFUSED: answer request->refusal and close; at most the method is known. The outcome does not
 * depend on how the bytes were cut into pieces. */
enum progress request_parse(struct request *request, size_t *scanned, const struct input *input);

/* Frees the memory. */
void request_finish(struct request *request);

#endif
