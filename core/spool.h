/* Bytes that are too many for memory: an unlinked file in TMPDIR, written by threads of libuv so that
 * a slow disk holds up nobody else. Reference counted. */
#ifndef FAPWS4_SPOOL_H
#define FAPWS4_SPOOL_H

#include "buffer.h"

#include <sys/types.h>
#include <uv.h>

struct spool;

/* One reference; NULL when memory is out. */
struct spool *spool_create(uv_loop_t *loop);

/* Lets go of a reference, on any thread; the last one closes the file. NULL is legal. */
void spool_release(struct spool *spool);

/* ---- for who fills it, on the loop's thread ---- */

/* Appends a copy, and begins to write when LIMIT_SPILL_BLOCK bytes wait or `last`. Legal while it is
 * busy, but not to be done at length: all of it is kept in memory until then. */
void spool_append(struct spool *spool, struct slice data, bool last);

/* True while a block is on its way to the file. */
bool spool_is_busy(const struct spool *spool);

/* 0, or the errno of the first thing that failed. While it is not busy. */
int spool_error(const struct spool *spool);

/* Calls `ready` on the loop's thread each time it ceases to be busy. NULL: nobody is to be called. */
void spool_watch(struct spool *spool, void (*ready)(void *context), void *context);

/* ---- for who reads it, on any thread, when all is written ---- */

/* One reference more; returns its argument. */
struct spool *spool_share(struct spool *spool);

/* Reads up to `size` bytes at `offset`: as pread. */
ssize_t spool_read(const struct spool *spool, char *data, size_t size, uint64_t offset);

#endif
