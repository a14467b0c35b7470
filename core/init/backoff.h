/* How long to wait before a process that ended is started again: 1 s, 2 s, 4 s ... 60 s; from
 * the beginning once it has run well (policy.h). Pure arithmetic in milliseconds. */
#ifndef FAPWS4_INIT_BACKOFF_H
#define FAPWS4_INIT_BACKOFF_H

#include <stdint.h>

/* Zeroed is the state of a process that has never failed. */
struct backoff {
    int64_t last_ms;
};

/* The wait after a process ended that had run for `ran_ms`. */
int64_t backoff_next(struct backoff *backoff, int64_t ran_ms);

#endif
