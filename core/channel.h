/* Bytes from any thread to the loop's: what a held reply or a handler on a thread produces waits
 * here until its connection takes it. Reference counted: each side lets go of its own. */
#ifndef FAPWS4_CHANNEL_H
#define FAPWS4_CHANNEL_H

#include "response.h"

struct channel;

/* One reference; NULL when memory is out. */
struct channel *channel_create(void);

/* One reference more; returns its argument. */
struct channel *channel_share(struct channel *channel);

/* Lets go of a reference; the last one frees it. NULL is legal. */
void channel_release(struct channel *channel);

/* ---- for those who write, on any thread ---- */

/* Appends a copy and tells the reader; when that has gone, or after channel_end, nothing happens.
 * False when memory is out. */
bool channel_write(struct channel *channel, struct slice data);

/* Bytes that wait to be taken. */
size_t channel_waiting(struct channel *channel);

/* Nothing follows; `broken`: and what came before is not complete. */
void channel_end(struct channel *channel, bool broken);

/* Tells the reader, without bytes, that there is something new. */
void channel_tell(struct channel *channel);

/* Blocks until less than LIMIT_STREAM bytes wait; not to be called with Python held. False when the
 * reader has gone. */
bool channel_wait(struct channel *channel);

/* ---- for the reader, on the loop's thread ---- */

/* All that waits, valid until the next call: MORE with a piece, LATER when there is none yet, DONE
 * or BROKEN behind the last. */
enum writing channel_read(struct channel *channel, struct slice *piece);

/* Calls `ready` once, on the loop's thread, when channel_read has something else than LATER. */
void channel_watch(struct channel *channel, void (*ready)(void *context), void *context);

/* The reader has gone: `ready` is not called any more, whoever waits goes on. */
void channel_abandon(struct channel *channel);

#endif
