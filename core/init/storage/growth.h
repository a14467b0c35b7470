/* The file system of /data grows to the size of its partition while it is mounted (ext4's online
 * resize). A card of 64 GiB takes seconds on slow flash, so a process of its own waits for it. */
#ifndef FAPWS4_INIT_GROWTH_H
#define FAPWS4_INIT_GROWTH_H

#include <stdint.h>
#include <sys/types.h>

/* What ext4_target says of a partition's device; 0 also when it cannot be read. */
uint64_t growth_wanted(const char *device, uint32_t *block_size);

/* Starts to grow what is mounted at /data to `blocks`. The pid of the process, whose exit code is
 * 0 or an errno value; or -1 with errno set. A cut at any moment is the journal's matter, and the
 * next boot does the rest. */
pid_t growth_start(uint64_t blocks);

#endif
