/* What the app cannot do, whatever code runs in it: an own user without capabilities, the system
 * calls of syscall_filter.h, the files of landlock.h, a /dev with its own nodes only, and no more processes than a device has room
 * for. For good, and for every process that it starts. */
#ifndef FAPWS4_INIT_SANDBOX_H
#define FAPWS4_INIT_SANDBOX_H

#include <sys/types.h>

/* Confines the calling process, a child that is about to become the app, still root. 0 or an errno
 * value; what to do then is the caller's to decide, but it must not run the app as it is. */
int sandbox_enter(uid_t uid);

#endif
