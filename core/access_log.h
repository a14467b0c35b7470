/* The access log: one line for each request in Combined Log Format. Lines are gathered and written
 * once a turn of the loop; a reader that is slow or gone never holds up the server. */
#ifndef FAPWS4_ACCESS_LOG_H
#define FAPWS4_ACCESS_LOG_H

#include "buffer.h"
#include "peer.h"

#include <stdint.h>
#include <time.h>

struct access_log;

/* Opens it for appending; "-" is stdout. `path` must stay. NULL after one line on stderr. */
struct access_log *access_log_open(const char *path);

/* Opens the file of the same name anew, after it was renamed (log rotation). False after one line
 * on stderr; the old one is used on. */
bool access_log_reopen(void *access_log);

/* What is known of a request when it begins: its line, referrer and agent; data NULL is missing. */
struct access {
    const struct peer *peer;
    time_t time;
    struct slice line, referer, agent;
};

/* Appends the parts of a line that stand before and behind status and bytes, escaped. */
void access_log_begin(struct buffer *text, const struct access *access);
void access_log_end(struct buffer *text, const struct access *access);

/* Adds a line made of both parts. */
void access_log_add(struct access_log *log, struct slice before, int status, uint64_t bytes,
                    struct slice behind);

/* Writes what is gathered, as far as it is taken at once. */
void access_log_write(struct access_log *log);

/* Writes what is left and closes it. NULL is legal. */
void access_log_close(struct access_log *log);

#endif
