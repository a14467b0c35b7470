/* The manager (fapws4/manager/): a Python of this same binary that may do what a device's owner may,
 * asked by the app over a socket. Only in programs whose app imports fapws4.device. */
#ifndef FAPWS4_INIT_MANAGER_H
#define FAPWS4_INIT_MANAGER_H

#include "activated.h"
#include "../log/output.h"
#include "samples.h"

#define MANAGER_DOOR "/run/fapws4/device"
/* Of a restore that a power cut has stopped: the manager ends it. */
#define MANAGER_JOURNAL "/data/.fapws4/restore"

/* Whether this program holds one (appliance/freezing/link.py). */
extern const bool manager_linked;

struct manager {
    struct activated process;
    struct output output;
    struct samples samples;
};

/* Listens, if there is a manager: to be called when the storage has settled, before the app starts. */
void manager_open(struct manager *manager, struct loop *loop);

/* To be told of every process that has been reaped. True when it was this one. */
bool manager_reaped(struct manager *manager, pid_t pid, int status);

#endif
