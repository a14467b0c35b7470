/* /data: the only thing that outlives a power-off. It is an ext4 partition, found by its GUID when
 * its disk appears (disk.h), and grown to what the disk has room for. A device without one, or
 * whose partition cannot be mounted even by its journal's replay, works from memory and says so;
 * what is on the partition is then offered below /run/data, read-only. Nothing is ever formatted
 * or repaired here but what a power cut may tear (mend.h): that is an operator's decision. */
#ifndef FAPWS4_INIT_STORAGE_H
#define FAPWS4_INIT_STORAGE_H

#include <sys/types.h>

#include "disk.h"
#include "../loop.h"

enum storage_state {
    STORAGE_AWAITED,
    STORAGE_ON_DISK,
    STORAGE_IN_MEMORY, /* as the image was made, or because of a failure that has been said */
};

struct storage {
    struct loop *loop;
    const char *guid; /* "" = the device has no data partition */
    struct timer deadline;
    enum storage_state state;
    struct disk disk; /* the one that was booted from; path "" as long as it is not known */
    bool read_only;   /* the kernel has made /data read-only, after an error of the disk */
    bool rescue;      /* what could not be mounted as /data is at /run/data, read-only */
    pid_t grower;     /* the process that waits for the file system to grow, 0 = none */
    uint64_t grown;   /* bytes, when it is done */
    void (*done)(void *owner);
    void *owner;
};

/* Begins to look; done(owner) is called once, when /data and /data/app are there: at once, after
 * a storage_look, or after POLICY_DATA_WAIT. */
void storage_open(struct storage *storage, struct loop *loop, const char *guid,
                  void (*done)(void *), void *owner);

/* To be called when a disk or partition has appeared. */
void storage_look(struct storage *storage);

/* To be told of every process that has been reaped. True when it was the one that grows /data. */
bool storage_reaped(struct storage *storage, pid_t pid, int status);

/* To be called now and then: sees whether /data can still be written. */
void storage_check(struct storage *storage);

/* The device of the state partition on the disk that was booted from. False when it is not known. */
bool storage_state_device(const struct storage *storage, char device[DISK_PATH]);

/* The line that a person must see as long as it is true: that nothing outlives a power-off. NULL
 * when all is well. */
const char *storage_warning(const struct storage *storage);

/* Writes everything out and takes /data away, read-only at least. 0 or an errno value. */
int storage_close(void);

#endif
