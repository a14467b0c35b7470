/* The hardware watchdog: resets a machine whose PID 1 no longer feeds it. Who deserves to be fed
 * is decided by the caller (init.c), not here. */
#ifndef FAPWS4_INIT_WATCHDOG_H
#define FAPWS4_INIT_WATCHDOG_H

#include <stdbool.h>

/* Zeroed = not open. */
struct watchdog {
    int fd;
    char identity[33]; /* what the driver calls it */
    bool has_reset;    /* the last run of the machine was ended by it, as far as it can tell */
};

/* Opens /dev/watchdog, if it is not open yet, and sets POLICY_WATCHDOG_TIMEOUT: from here on it
 * wants to be fed. 0, or an errno value (ENOENT: there is none yet). */
int watchdog_open(struct watchdog *watchdog);

void watchdog_feed(struct watchdog *watchdog);

/* Disarms it, for a power-off. Before a restart it rather stays armed: it then covers a restart
 * that hangs. */
void watchdog_disarm(struct watchdog *watchdog);

#endif
