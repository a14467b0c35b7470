/* What the kernel says that belongs into the device's log: which system calls it refuses the app,
 * each once in POLICY_LOG_EVERY, so that no app can push out all else by asking again and again;
 * and its errors, POLICY_KERNEL_ERRORS of them in that time, which are the last that is known of a
 * machine that dies of them and has no UEFI to keep its last words. */
#ifndef FAPWS4_INIT_KERNEL_LOG_H
#define FAPWS4_INIT_KERNEL_LOG_H

#include <stdint.h>

#include "../loop.h"

enum { KERNEL_LOG_CALLS = 512 };

struct kernel_log {
    int fd; /* /dev/kmsg */
    int64_t quiet_until_ms[KERNEL_LOG_CALLS];
    int errors; /* that were noted since ... */
    int64_t errors_since_ms;
};

/* From now on; what the kernel said before stays where it is. 0 or an errno value. */
int kernel_log_open(struct kernel_log *log, struct loop *loop);

#endif
