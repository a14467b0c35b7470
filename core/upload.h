/* A body on its way from the loop to the thread of a handler that reads it as it arrives. Reference
 * counted. */
#ifndef FAPWS4_UPLOAD_H
#define FAPWS4_UPLOAD_H

#include "buffer.h"

#include <stdint.h>

struct upload;

/* Why nothing (more) can be read. */
enum upload_end {
    UPLOAD_OPEN,     /* there is more to come */
    UPLOAD_WHOLE,    /* the body has ended */
    UPLOAD_GONE,     /* the client has left before */
    UPLOAD_STALLED,  /* the client sends too slowly, or nothing */
    UPLOAD_TOO_BIG,  /* the body exceeds its limit */
    UPLOAD_FAULTY,   /* the chunks are malformed */
    UPLOAD_ANSWERED, /* the response is complete, the rest of the body is dropped */
    UPLOAD_NO_MEMORY
};

/* One reference. A reader waits for at most `seconds` until LIMIT_BODY_PROGRESS bytes more have come;
 * `owes_continue`: the client sends nothing before it is told to. NULL when memory is out. */
struct upload *upload_create(unsigned seconds, bool owes_continue);

/* One reference more; returns its argument. */
struct upload *upload_share(struct upload *upload);

/* Lets go of a reference; the last one frees it. NULL is legal. */
void upload_release(struct upload *upload);

/* ---- for the loop's thread ---- */

/* Appends a copy. Nothing happens after upload_finish. */
void upload_write(struct upload *upload, struct slice data);

/* Nothing more comes; the first reason stays. */
void upload_finish(struct upload *upload, enum upload_end end);

/* True when LIMIT_STREAM bytes wait: read no more from the client. */
bool upload_is_full(struct upload *upload);

/* True once, when someone reads and the client waits for 100 (Continue). */
bool upload_takes_continue(struct upload *upload);

/* True when the client was not told to send, and has sent nothing. */
bool upload_owes_continue(struct upload *upload);

/* The reason that a reader was told, unless it is the end of a whole body: UPLOAD_OPEN else. */
enum upload_end upload_fault(struct upload *upload);

/* Calls `ready` on the loop's thread each time it has ceased to be full, someone begins to read, or
 * the reader has lost patience. NULL: nobody is to be called any more. */
void upload_watch(struct upload *upload, void (*ready)(void *context), void *context);

/* ---- for the reader, on any thread, one at a time ---- */

/* Blocks until there are bytes or there will be none; not to be called with Python held. UPLOAD_OPEN:
 * `*taken`, which is emptied first, has all that waited. Otherwise the reason for the end. */
enum upload_end upload_read(struct upload *upload, struct buffer *taken);

#endif
