/* The slot that this program was started from, and what the slot state says of it. */
#ifndef FAPWS4_INIT_SLOT_H
#define FAPWS4_INIT_SLOT_H

#include "../storage/disk.h"
#include "slot_state.h"
#include "../span.h"

struct slot {
    char running;            /* 'a' or 'b'; 0: the boot loader has not said */
    bool on_trial;           /* it was started to prove itself */
    struct slot_state state; /* as it is on the disk, once `known`; before, as it was at the start */
    bool known;
    char device[DISK_PATH]; /* of the state partition */
};

/* What grub.cfg says on the kernel's command line. */
void slot_read(struct slot *slot, struct span cmdline);

/* Finds the state on the disk that was booted from. 0 or an errno value. */
int slot_open(struct slot *slot, const struct disk *disk);

/* True when this is the good slot and another one was on trial before: it has not passed. */
bool slot_is_back(const struct slot *slot);

/* True when another slot is the good one, and none was to be tried: that one could not be started. */
bool slot_is_substitute(const struct slot *slot);

/* The other slot is tried at the next start. 0 or an errno value. */
int slot_arm(struct slot *slot);

/* The slot that runs becomes the good one. 0 or an errno value. */
int slot_confirm(struct slot *slot);

/* The slot that was on trial is not tried again. 0 or an errno value. */
int slot_give_up(struct slot *slot);

#endif
