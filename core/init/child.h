/* What a forked child does before it is anything: everything of PID 1 that must not be inherited
 * goes. */
#ifndef FAPWS4_INIT_CHILD_H
#define FAPWS4_INIT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* A folder with nothing in it (mounts.c makes it). */
#define CHILD_EMPTY_ROOT "/run/empty"

/* fork(); the child gets a session and process group of its own, default signals and no memory
 * dumps. */
pid_t child_fork(void);

/* In the child: fds[0] of at most eight becomes descriptor 0, fds[1] 1 and so on, -1 stands for
 * /dev/null; all others are closed. */
void child_keep(const int *fds, int count);

/* In the child: becomes `uid` (and the group of the same number) for good: no further groups, no
 * capabilities now or ever, also not by a set-user-id program. False when any step fails: the
 * child must then end. */
bool child_become(uid_t uid);

/* In the child, one that reads what comes from outside: as child_become, with `root` as all it
 * sees of the disk, no child, no file to be written and descriptors below `limit` only. False when any step fails. */
bool child_confine(const char *root, uid_t uid, unsigned limit);

/* Forks a process that calls run(order, channel) and ends: its pid, or -1 with errno set. *channel
 * becomes the other, non-blocking end of a SOCK_SEQPACKET pair. */
pid_t child_start(void (*run)(const void *order, int channel), const void *order, int *channel);

/* In PID 1: ends every process of `uid`, those that have left their process group too. */
void child_end_all(uid_t uid);

#endif
