/* One HTTP/1.x request out of a stream of bytes (RFC 9112). Strict: what two readers could
 * understand differently is refused, because a proxy in front may have understood it the other way.
 * */
#ifndef FAPWS4_REQUEST_H
#define FAPWS4_REQUEST_H

#include "buffer.h"
#include "limits.h"
#include "request_fields.h"
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
};

/* What a connection remembers of a request that is not whole yet. Zeroed before each request. */
struct intake {
    size_t scanned;     /* bytes of an unfinished head that were parsed without fault */
    size_t awaited;     /* bytes the input must hold before it is worth looking again */
    size_t head_length; /* > 0: the head is known, the chunked body behind it is being decoded */
    size_t body_length; /* bytes of it that are decoded */
    bool body_whole;
    bool owes_continue; /* the client waits for 100 (Continue) */
    struct phr_chunked_decoder decoder;
};

/* All slices point into the input (or into `decoded`) and are valid until it changes. */
struct request {
    struct slice method;
    struct slice text; /* the target as sent */
    struct target target;
    struct slice path; /* target.raw_path without percent-encoding */
    struct slice head; /* request line and fields, with the empty line that ends them */
    struct slice body;
    struct request_fields fields;
    int minor_version; /* 0 or 1; later 1.x are treated as 1 (RFC 9110 section 2.5) */
    size_t consumed; /* bytes of the input that belong to this request */
    int refusal;     /* REFUSED: the status to answer, 400..505 */
    size_t header_count;
    struct phr_header headers[LIMIT_HEADERS];
    char decoded[LIMIT_REQUEST_LINE];
};

/* Takes the next request from the start of `input`. WAITING: nothing but `intake` (and the decoded
 * part of a chunked body) has changed; call again with the same bytes and more behind them. READY:
 * `request` is filled and `intake` is zeroed; drop `request->consumed` bytes. REFUSED: answer
 * request->refusal and close; of the request at most the method is known. Bodies above `body_limit`
 * bytes are refused with 413. The outcome does not depend on how the bytes were cut into pieces. */
enum progress request_parse(struct request *request, struct intake *intake, struct input *input,
                            uint64_t body_limit);

#endif
