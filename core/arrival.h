/* A body that does not stay behind its head in memory. It goes to a file, and the handler is called
 * when it is whole; or to the thread of a handler that is at work already; or nowhere, because the
 * request is answered and the next one stands behind it. */
#ifndef FAPWS4_ARRIVAL_H
#define FAPWS4_ARRIVAL_H

#include "body.h"

#include <uv.h>

struct arrival;

/* A body for a file: `body` is as far as `begun`, which lies behind `head`. Both are copied. NULL when
 * memory is out. */
struct arrival *arrival_to_file(const struct body *body, struct slice head, struct slice begun,
                                uv_loop_t *loop);

/* A body for a handler's thread, of which nothing has been taken; see upload_create. */
struct arrival *arrival_to_thread(const struct body *body, unsigned seconds, bool owes_continue);

/* NULL is legal. Whoever reads from it is told that the client has gone. */
void arrival_destroy(struct arrival *arrival);

/* Takes what belongs to the body from the start of `input`, which is what stands behind it then: empty
 * unless READY, or WAITING for the file. READY: the body is whole and stored. REFUSED: it will never
 * be; the status to answer is arrival_refusal. */
enum progress arrival_take(struct arrival *arrival, struct input *input);

/* Why it was refused, as a status; to a handler's thread: only once the handler knows. 0 else. */
int arrival_refusal(const struct arrival *arrival);

/* The errno of a file that cannot be written, else 0. */
int arrival_file_error(const struct arrival *arrival);

/* Fills `request` with the head of a body that went to a file, and with that body if it is whole. */
void arrival_recall(const struct arrival *arrival, struct request *request);

/* The head of a body that goes to a file, valid as long as the arrival. */
const struct input *arrival_head(const struct arrival *arrival);

/* Where the handler reads; NULL of a body that goes elsewhere. */
struct upload *arrival_upload(const struct arrival *arrival);

/* True when the client should be told to wait; arrival_watch says when it is over. */
bool arrival_is_full(const struct arrival *arrival);

/* True when arrival_take has an answer without further bytes. NULL is legal. */
bool arrival_is_due(const struct arrival *arrival);

/* True while the client has every right to send nothing: a file is being written. NULL is legal. */
bool arrival_is_storing(const struct arrival *arrival);

/* After the handler was called: true when no more of it is to come. */
bool arrival_is_over(const struct arrival *arrival);

/* True once, when the handler reads and 100 (Continue) is to be sent. */
bool arrival_takes_continue(struct arrival *arrival);

/* The request is answered: from now on the body goes nowhere. */
void arrival_drop(struct arrival *arrival);
bool arrival_is_dropped(const struct arrival *arrival);

/* True when the rest of the body is not worth waiting for, or cannot be told from what comes behind
 * it: the connection should end (RFC 9112 section 9.3). */
bool arrival_is_hopeless(const struct arrival *arrival);

/* The client will send no more. */
void arrival_end(struct arrival *arrival);

/* Bytes of the body so far. NULL is legal. */
uint64_t arrival_length(const struct arrival *arrival);

/* Calls `ready` on the loop's thread each time it is full no longer, due, or wants a 100. */
void arrival_watch(struct arrival *arrival, void (*ready)(void *context), void *context);

#endif
