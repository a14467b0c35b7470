/* What the kernel refuses the app becomes lines of the device's log: each system call once in
 * POLICY_LOG_EVERY, so that no app can push out all else by asking again and again. */
#ifndef FAPWS4_INIT_KERNEL_LOG_H
#define FAPWS4_INIT_KERNEL_LOG_H

#include <stdint.h>

#include "loop.h"

enum { KERNEL_LOG_CALLS = 512 };

struct kernel_log {
    int fd; /* /dev/kmsg */
    int64_t quiet_until_ms[KERNEL_LOG_CALLS];
};

/* From now on; what the kernel said before stays where it is. 0 or an errno value. */
int kernel_log_open(struct kernel_log *log, struct loop *loop);

#endif
