/* What a courier is at: a process that looks for an update somewhere outside, offers one, and
 * hands it to the updater when it is told to. Pure; courier.h has the process. It says, in packets:
 *
 *     offer COUNTER VERSION WHERE     there is an update for this device
 *     nothing TEXT                    there is none; TEXT, if any, is for people
 *     reset STICK                     a factory reset is ordered, by this stick (reset_file.h); only
 *                                     where that may be
 *     seen WHAT                       before `nothing`: what need not be looked at again
 *     installed VERSION COUNTER       the end, as the updater has said it ...
 *     refused TEXT                    ... in one of these two ways
 */
#ifndef FAPWS4_INIT_COURIER_STATE_H
#define FAPWS4_INIT_COURIER_STATE_H

#include <stdint.h>

#include "../span.h"

enum { COURIER_TEXT = 512 };

enum courier_phase { COURIER_IDLE, COURIER_LOOKS, COURIER_OFFERS, COURIER_INSTALLS };

/* What follows from an event. */
enum courier_act {
    COURIER_WAIT,
    COURIER_ASK,     /* somebody has to agree to `version`, which may have failed before */
    COURIER_INSTALL, /* the process is to be told to go on */
    COURIER_RESET,   /* it is over: `stick` orders a factory reset */
    COURIER_TELL,    /* it is over, and `text` says how */
    COURIER_QUIT     /* it is over, and nobody need know */
};

struct courier_state {
    enum courier_phase phase;
    bool automatic;     /* nobody is asked, unless it is the version that ... */
    const char *failed; /* ... failure_describe tells of here, or "" */
    bool resets;        /* it may order a factory reset; never changed here */
    uint64_t counter;
    uint64_t stick;
    char version[64];
    char where[128];
    char text[COURIER_TEXT];
    char seen[80]; /* as it was said last, also by a courier before this one */
};

void courier_state_begin(struct courier_state *state, bool automatic, const char *failed);

/* A packet has come. What it may not say now is a fault, and the end. */
enum courier_act courier_state_hear(struct courier_state *state, struct span packet);

/* Somebody wants what is offered. */
enum courier_act courier_state_agree(struct courier_state *state);

/* The process has ended, or what it reads from is gone. */
enum courier_act courier_state_lose(struct courier_state *state);

#endif
