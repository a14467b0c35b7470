/* What the app and the recovery pages cannot do, whatever code runs in them: an own user without
 * capabilities, the system calls of syscall_filter.h, the files of landlock.h, a /dev with the app's
 * nodes only, and no more processes than a device has room for. For good, and for every process that
 * they start. */
#ifndef FAPWS4_INIT_SANDBOX_H
#define FAPWS4_INIT_SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

#include "landlock.h"

/* Confines the calling process, a child that is about to become the app or the recovery pages, still
 * root: of all files it has `count` places. 0 or an errno value; then it must end. */
int sandbox_enter(uid_t uid, const struct landlock_place *places, int count);

/* Confines a child that stays root: of root's rights (capabilities) it keeps those whose bits are
 * set, of all files it has `count` places, all but /run and /data is read-only, and of the app's
 * system calls it has those that reach no other process and no network. 0 or an errno value; then
 * it must end. */
int sandbox_keep_root(uint64_t rights, const struct landlock_place *places, int count);

#endif
