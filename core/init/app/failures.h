/* How often the app has failed of late, and whether trying at once again still makes sense. Pure. */
#ifndef FAPWS4_INIT_FAILURES_H
#define FAPWS4_INIT_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "../policy.h"

/* Zeroed is none. */
struct failures {
    unsigned count;  /* since the machine was started ... */
    unsigned starts; /* ... and those of them that never came to listen */
    int64_t at_ms[POLICY_FAILURES]; /* of the last ones, count % POLICY_FAILURES is the oldest */
    bool start[POLICY_FAILURES];    /* it never came to listen */
};

/* Notes one. True when these are too many: POLICY_FAILURES, or POLICY_FAILED_STARTS that never
 * came to listen, within POLICY_FAILURES_WITHIN. */
bool failures_add(struct failures *failures, int64_t now_ms, bool listened);

#endif
