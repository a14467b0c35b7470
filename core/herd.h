/* Several processes wait on one listening socket: which of them does a client wake? Without this all
 * that sleep, though one gets the client. Measured with 4 idle workers, a connection and a GET each
 * millisecond: 6 context switches for each client, and 2 with this, as with one worker. */
#ifndef FAPWS4_HERD_H
#define FAPWS4_HERD_H

#include <uv.h>

/* From now on a client wakes one of the processes that have joined, not all (on Linux, by
 * EPOLLEXCLUSIVE; a port of SO_REUSEPORT for each would lose clients when one of them ends): the one
 * of those that sleep that joined first. Who has got a client therefore joins again, behind the
 * others: kept connections would all be one worker's otherwise. libuv has no word for it, hence
 * behind its back: it has begun to listen, and its loop has turned once. */
void herd_join(uv_loop_t *loop, int listener);

/* A client wakes this process, and another one too. Who leaves serves those that wait already: they
 * may have woken nobody else. */
void herd_leave(uv_loop_t *loop, int listener);

#endif
