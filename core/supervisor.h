/* The first of several processes: it holds the listening socket and sees to it that workers serve on
 * it. It has no Python and no loop of libuv, so that a worker is born clean by fork().
 *
 * A worker's channel is a socket pair. The worker writes one byte when it serves, and ends its
 * direction when it takes no new clients. At the end of the other direction it stops patiently: that
 * is also when the supervisor is no more. */
#ifndef FAPWS4_SUPERVISOR_H
#define FAPWS4_SUPERVISOR_H

#include "handover.h"

#include <stdbool.h>

/* Never returns in the supervisor: it ends with SIGTERM or SIGINT, when all workers have ended (a
 * second signal ends all at once, with status 128 + its number), or when the first workers cannot
 * serve, with the exit code of one. Returns in each worker, with the worker's end of its channel.
 *
 * SIGHUP replaces all workers once the new ones serve; when one of them does not, the old ones go
 * on. `ready` is the descriptor of FAPWS_READY_FD or -1. `hasty`: replaced workers do not wait for
 * requests on silent connections. */
int supervise(const struct handover *handover, int ready, bool hasty);

/* Tells the supervisor that this worker serves. */
void supervisor_tell(int channel);

#endif
