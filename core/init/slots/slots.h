/* The slot state on a disk: both copies are read, and the older one is written, in place, so that
 * a cut at any moment leaves a whole copy. Serves a partition's device as well as an image file. */
#ifndef FAPWS4_INIT_SLOTS_H
#define FAPWS4_INIT_SLOTS_H

#include "slot_state.h"

/* Where the copies begin in the state partition: STATE_COPIES_AT of appliance/imaging/bootloader.py,
 * which tells why. */
enum { SLOTS_FIRST_COPY = 4 << 20, SLOTS_SECOND_COPY = 8 << 20 };

/* The state that counts (see slot_state_choose), also when no copy does. `partition` is the byte
 * in the file `fd` where the state partition begins: 0 for its device. 0 or an errno value. */
int slots_read(int fd, uint64_t partition, struct slot_state *state);

/* Writes `state` over the older copy: one sector, waited for, read back. A copy that does not
 * count is the older one; when neither does, both are written, because GRUB counts a try only
 * where a copy already stands. 0 or an errno value; EILSEQ: what was read back is something
 * else. */
int slots_write(int fd, uint64_t partition, const struct slot_state *state);

#endif
