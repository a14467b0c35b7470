/* The lines that a device has said, in memory: the last ones, oldest first. Pure.
 *
 * Who says them has a share of the memory, and only its own older lines make room for its new ones:
 * an app that floods the log cannot push out why the disk failed. */
#ifndef FAPWS4_INIT_LOG_H
#define FAPWS4_INIT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../span.h"

/* Who said a line. The first two share a quarter of the memory, the app has a half, and all others
 * share the rest. */
enum log_source {
    LOG_FAPWS4, /* PID 1 */
    LOG_KERNEL,
    LOG_APP,
    LOG_PAGES,
    LOG_FETCH,
    LOG_MANAGER,
    LOG_SOURCES,
};

enum { LOG_SHARES = 3 };

/* Entries one behind the other in memory[size]; offsets grow for ever, and wrap around there. */
struct log_share {
    char *memory;
    size_t size;
    uint64_t first, end;
    uint64_t dropped; /* position of the last line that has made room; 0 = none has */
};

struct log {
    struct log_share shares[LOG_SHARES];
    uint64_t end; /* position behind the last line: bytes of all lines since the start */
};

struct log_line {
    uint64_t position; /* behind it */
    int64_t time_ms;   /* since the kernel started */
    enum log_source source;
    struct span text; /* without '\n'; in the cursor */
    bool gap;         /* before it there were others of its share, which have made room */
};

/* Where a reader stands. Lines that are added meanwhile are read too; it is void once lines have
 * made room. */
struct log_cursor {
    uint64_t at[LOG_SHARES];
    bool gap[LOG_SHARES]; /* lines behind the position that was sought have made room */
    char text[1024];
};

/* An empty log in memory[size], which stays the caller's; at least 8 KiB, so that each share has room
 * for a line. */
void log_init(struct log *log, char *memory, size_t size);

/* Makes `log`, which is empty, hold what `other` holds, as far as there is room, at the same
 * positions. */
void log_take_over(struct log *log, const struct log *other);

/* Adds a line, which has no '\n' and at most 1024 bytes (the rest is cut). */
void log_add(struct log *log, enum log_source source, int64_t time_ms, struct span text);

/* Goes to the first line behind `position`: 0, and a position that was never reached, mean the
 * oldest line. */
void log_seek(const struct log *log, uint64_t position, struct log_cursor *cursor);

/* The next line in the order in which they were said. False at the end. */
bool log_next(const struct log *log, struct log_cursor *cursor, struct log_line *line);

#endif
