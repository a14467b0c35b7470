/* The signals PID 1 listens to, as descriptors of the loop. All are from root: the kernel, or
 * the manager.
 *   SIGCHLD            a process has ended
 *   SIGTERM, SIGUSR2   orderly power-off; SIGPWR too (an uninterruptible power supply runs out)
 *   SIGINT, SIGUSR1    orderly restart; the kernel sends SIGINT for Ctrl-Alt-Del
 *   SIGHUP             the app alone is stopped and started again
 * The kernel spares PID 1 the default action of every other. */
#ifndef FAPWS4_INIT_SIGNALS_H
#define FAPWS4_INIT_SIGNALS_H

#include "loop.h"

struct signals {
    int fd;
    void (*received)(void *owner, int number);
    void *owner;
};

/* Also asks the kernel to send Ctrl-Alt-Del here instead of restarting on the spot. 0 or an
 * errno value. */
int signals_open(struct signals *signals, struct loop *loop, void (*received)(void *, int),
                 void *owner);

#endif
