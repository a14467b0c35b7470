/* The courier (courier_state.h) that reads a USB stick: it mounts the stick read-only where nobody
 * else can see it, gives up all rights, and opens nothing in its root folder but the updates and the
 * order of a factory reset (reset_file.h). A stick with that is for nothing else. */
#ifndef FAPWS4_INIT_STICK_PROCESS_H
#define FAPWS4_INIT_STICK_PROCESS_H

enum { STICK_NODE = 32 };

struct stick_order {
    char node[STICK_NODE];      /* the name of a disk or partition below /dev */
    const char *product, *host; /* the names by which it may be told to reset this device */
};

/* `order` is a struct stick_order. For courier_start. */
void stick_process_run(const void *order, int packets);

#endif
