/* The state that decides which slot is started: two copies of one sector each, read and written
 * by GRUB (appliance/imaging/boot/grub.cfg) and by PID 1. What its fields mean stands in
 * appliance/imaging/bootloader.py. Pure.
 *
 * Only a copy whose `end` repeats its fields counts. Of two that count the newer one is that with
 * the higher seq; of equal ones that with fewer tries; of the same tries the first. Whoever
 * writes, writes the other copy. */
#ifndef FAPWS4_INIT_SLOT_STATE_H
#define FAPWS4_INIT_SLOT_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum { SLOT_STATE_SIZE = 512, SLOT_STATE_MOST_TRIES = 3 };

/* The highest seq that GRUB can compare: its integers are of 32 bits on a BIOS. */
enum { SLOT_STATE_LAST_SEQ = 0x7fffffff };

struct slot_state {
    uint64_t seq;
    char good;      /* 'a' or 'b': the slot that is known to work */
    char trial;     /* 'a' or 'b', 0 = no slot is on trial */
    unsigned tries; /* how often the trial may still be started */
};

/* One copy. False when it does not count: torn, erased, never written, or of values that nobody
 * writes. */
bool slot_state_parse(const char sector[SLOT_STATE_SIZE], struct slot_state *state);

/* What grub.cfg hands to the slot that it starts, fapws4.state=SEQ.GOOD.TRY.TRIES: the state as it
 * was at that moment. False when it is not whole. */
bool slot_state_parse_end(const char *text, struct slot_state *state);

void slot_state_format(const struct slot_state *state, char sector[SLOT_STATE_SIZE]);

/* The newer of both copies into *state: 0 or 1, or -1 when none counts; *state is then what GRUB
 * assumes: slot a is good. */
int slot_state_choose(const char first[SLOT_STATE_SIZE], const char second[SLOT_STATE_SIZE],
                      struct slot_state *state);

/* What GRUB makes of the state: the slot that it starts next, and what it writes before. A `state`
 * that it leaves as it is comes back unchanged. */
char slot_state_start(struct slot_state *state);

/* The state to be written next; each counts seq up.
 * arm: `slot` is on trial, and may be started once. */
struct slot_state slot_state_arm(struct slot_state state, char slot);
/* confirm: the slot on trial has become the good one. */
struct slot_state slot_state_confirm(struct slot_state state);
/* give_up: the good one stays, no slot is on trial. */
struct slot_state slot_state_give_up(struct slot_state state);

#endif
