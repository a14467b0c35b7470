/* The next request of a connection, head and body, out of what has arrived so far. */
#ifndef FAPWS4_INTAKE_H
#define FAPWS4_INTAKE_H

#include "body.h"

/* What a connection remembers of a request that is not whole yet; zeroed before each. */
struct intake {
    size_t scanned;     /* bytes of an unfinished head that were parsed without fault */
    size_t awaited;     /* bytes the input must hold before it is worth looking again */
    size_t head_length; /* > 0: the head is known, the body behind it is arriving */
    bool owes_continue; /* the client waits for 100 (Continue) */
    struct body body;
};

/* Takes the head at the start of `input`; once it was READY, and intake_body WAITING, READY again only
 * when the body is there as well. See request_parse for the answers; WAITING may also have decoded
 * a part of a chunked body. */
enum progress intake_head(struct request *request, struct intake *intake, struct input *input);

/* After intake_head was READY. READY: `request` has its body and `intake` is zeroed; drop
 * `request->consumed` bytes. WAITING: begin with intake_head again, with the same bytes and more
 * behind them. Bodies above `limit` bytes are refused with 413. */
enum progress intake_body(struct request *request, struct intake *intake, struct input *input,
                          uint64_t limit);

#endif
