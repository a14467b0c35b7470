/* How full /data is, and how its disk does, as far as the kernel knows without asking the disk: what
 * ext4 has counted, and what eMMC says of its wear. */
#ifndef FAPWS4_INIT_STORAGE_HEALTH_H
#define FAPWS4_INIT_STORAGE_HEALTH_H

#include "storage.h"

enum storage_reserve { RESERVE_UNKNOWN, RESERVE_NORMAL, RESERVE_LOW, RESERVE_URGENT };

struct storage_health {
    uint64_t size, available; /* bytes; size 0 = not known */
    uint64_t errors;          /* of the file system, since it was made */
    int used_life;            /* per cent of what eMMC can take, in tens; 0 = not known */
    enum storage_reserve reserve; /* of its spare blocks */
};

void storage_health_read(const struct storage *storage, struct storage_health *health);

#endif
