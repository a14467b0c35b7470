/* The last lines that were shown: what a device says of itself after it has failed. Pure. */
#ifndef FAPWS4_INIT_LOG_H
#define FAPWS4_INIT_LOG_H

#include "policy.h"
#include "span.h"

/* Zeroed is empty. */
struct log {
    char text[POLICY_LOG];
    size_t used;
};

/* Adds a line, which has no '\n'. The oldest lines go, whole ones only. */
void log_add(struct log *log, struct span line);

/* The last lines of `text`, at most `most` bytes of it, beginning with a whole line. */
struct span log_tail(struct span text, size_t most);

#endif
