/* The courier (courier_state.h) that reads a USB stick: it mounts the stick read-only where nobody
 * else can see it, gives up all rights, and opens nothing but the updates in its root folder. */
#ifndef FAPWS4_INIT_STICK_PROCESS_H
#define FAPWS4_INIT_STICK_PROCESS_H

enum { STICK_NODE = 32 };

/* `node` is char[STICK_NODE], the name of a disk or partition below /dev. For courier_start. */
void stick_process_run(const void *node, int packets);

#endif
