/* New settings of the network while the device runs. They are tried for POLICY_NETWORK_TRIAL, and kept
 * only when somebody says so by then, which shows that the device can still be reached; else, and
 * after a restart or a power cut, the old ones are back. Whoever ordered them may have died: the
 * time is PID 1's. */
#ifndef FAPWS4_INIT_NETWORK_CHANGE_H
#define FAPWS4_INIT_NETWORK_CHANGE_H

#include "../loop.h"
#include "network_settings.h"

struct network_change {
    struct loop *loop;
    const char *path;                /* of the file with the kept ones */
    struct network_settings kept;    /* that the next boot will have */
    struct network_settings current; /* the same, unless others are on trial */
    struct timer timer;              /* runs as long as they are ... */
    int64_t ends_ms;                 /* ... until then */
    struct timer soon;               /* runs from an order until it is applied */
    void (*apply)(void *owner, const struct network_settings *settings);
    void *owner;
};

/* Begins with what is kept, without applying it. apply(owner, settings) is called with every change,
 * POLICY_ORDER_WAITS after it: the answer has to reach who has ordered it at the address that the
 * device still has. */
void network_change_open(struct network_change *change, struct loop *loop, const char *path,
                         const struct network_settings *kept,
                         void (*apply)(void *, const struct network_settings *), void *owner);

/* Each: NULL, or why nothing has been done, until the next call. An order is checked whole before
 * anything is applied. Nothing is kept before it is applied: that would show nobody that the device
 * can still be reached. */
const char *network_change_try(struct network_change *change, struct span order);
const char *network_change_now(struct network_change *change, struct span order); /* and keeps it */
const char *network_change_keep(struct network_change *change);
const char *network_change_revert(struct network_change *change);

/* Seconds that are left for those on trial; 0 = there are none. */
int network_change_left(const struct network_change *change);

#endif
