/* The log as text, a line each:
 *
 *   12.345 2026-11-23T15:40:02Z app Traceback (most recent call last):
 *
 * the seconds since the kernel started, the time by the clock ("-" as long as that cannot be
 * trusted), who said it, and what. The clock's time is put in when lines are read, so that those
 * from before it was right have the right one too. Pure. */
#ifndef FAPWS4_INIT_LOG_TEXT_H
#define FAPWS4_INIT_LOG_TEXT_H

#include "log.h"

/* bytes: what stands before the text of a line at most. */
enum { LOG_PREFIX = 64 };

/* The lines behind `position` into out[size], whole ones only; the text, and in *next the position
 * behind the last of them. Where lines are not kept any more, a line says so. `started_ms`: when the kernel started, since 1970; 0 = not known. */
struct span log_from(const struct log *log, uint64_t position, int64_t started_ms, char *out,
                     size_t size, uint64_t *next);

/* The last lines that fit into out[size]. */
struct span log_last(const struct log *log, int64_t started_ms, char *out, size_t size);

/* The last lines of `text`, at most `most` bytes of it, beginning with a whole line. */
struct span log_tail(struct span text, size_t most);

#endif
