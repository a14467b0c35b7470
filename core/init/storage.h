/* /data: the only thing that outlives a power-off. It is the GPT partition with the configured
 * name, ext4, found when its disk appears; a device without one, or whose partition cannot be
 * mounted, works from memory and says so. Nothing is ever formatted or repaired here beyond the
 * journal's own replay: that is an operator's decision. */
#ifndef FAPWS4_INIT_STORAGE_H
#define FAPWS4_INIT_STORAGE_H

#include "loop.h"

struct storage {
    struct loop *loop;
    const char *partition; /* GPT name; "" = the device has none */
    struct timer deadline;
    bool settled;
    bool in_memory; /* settled without the partition */
    void (*done)(void *owner);
    void *owner;
};

/* Begins to look; done(owner) is called once, when /data and /data/app are there: at once, after
 * a storage_look, or after POLICY_DATA_WAIT. */
void storage_open(struct storage *storage, struct loop *loop, const char *partition,
                  void (*done)(void *), void *owner);

/* To be called when a disk or partition has appeared. */
void storage_look(struct storage *storage);

/* Writes everything out and takes /data away, read-only at least. 0 or an errno value. */
int storage_close(void);

#endif
