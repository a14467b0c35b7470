/* The updater: the only process that writes a slot, and the only one that reads what an update
 * consists of. It opens both slots and then gives up every right: its own user, an empty root
 * directory, no files. One session at a time, each in a process of its own; whether one may begin,
 * and what follows from its end, PID 1 decides.
 *
 * Packets to PID 1, each a text of at most UPDATE_PACKET bytes:
 *     begin                       answered with `go` or `no TEXT`
 *     progress DONE TOTAL
 *     installed COUNTER VERSION   answered with `go`: it is armed; or with `no TEXT`
 *     end [TEXT]                  of a session that has begun; TEXT = why it was refused */
#ifndef FAPWS4_INIT_UPDATE_PROCESS_H
#define FAPWS4_INIT_UPDATE_PROCESS_H

#include <sys/types.h>

#include "../owner/claim.h"
#include "../storage/disk.h"

enum { UPDATE_PACKET = 512 };

struct update_order {
    int listener;                /* a socket, non-blocking */
    char running[DISK_PATH];     /* devices of the slot that runs ... */
    char other[DISK_PATH];       /* ... and of the one that is written */
    const struct claim *claim;
};

/* Forks the process; its pid, or -1 with errno set. *channel becomes PID 1's end of a
 * SOCK_SEQPACKET pair, non-blocking. */
pid_t update_process_start(const struct update_order *order, int *channel);

#endif
