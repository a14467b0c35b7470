/* The disk that this device has booted from: the one whose partition table names the data
 * partition of this image by its GUID. The name `data` alone may stand on any stick. */
#ifndef FAPWS4_INIT_DISK_H
#define FAPWS4_INIT_DISK_H

#include "gpt.h"

enum { DISK_PATH = 64 };

struct disk {
    char path[DISK_PATH]; /* /dev/vda */
    uint64_t sectors;
    struct gpt gpt;
    unsigned number; /* of the partition that was looked for */
};

/* Looks at every disk of the machine for the partition with this GUID. How many have it: with
 * several, *disk is one of them, and which one was booted from cannot be told. */
int disk_find(const char *guid, struct disk *disk);

/* The device of partition `number`: /dev/vda6, /dev/mmcblk0p6. */
void disk_partition(const struct disk *disk, unsigned number, char path[DISK_PATH]);

/* Gives the data partition what the disk has behind it: the backup table to the disk's end first,
 * then the table in front, each only where it differs from what stands there, so that a cut at
 * any moment leaves a whole one and the next boot does the rest; then the kernel is told. 0 or an
 * errno value. */
int disk_fit(struct disk *disk);

#endif
