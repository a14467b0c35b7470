/* Whether a new slot has proved itself: a decision made from facts and a clock. Pure.
 *
 * It has when the app answers at the device's own address, /data is as it was and the network is
 * as it was. It has ten minutes for that, which do not run while the cable is out. A card that is
 * not even seen is no cable that is out: the new slot has lost its driver. An app that ends again and
 * again although nothing else is lacking is not waited for. */
#ifndef FAPWS4_INIT_TRIAL_H
#define FAPWS4_INIT_TRIAL_H

#include <stdint.h>

#include "note.h"

enum trial_verdict { TRIAL_RUNS, TRIAL_PAUSED, TRIAL_GOOD, TRIAL_FAILED };

/* What is known at one moment. */
struct trial_facts {
    bool state;        /* the slot state can be written, without which nothing is ever confirmed */
    bool disk;         /* /data is on the disk */
    bool interface;    /* there is a network interface */
    bool carrier;      /* ... at least one has a cable */
    bool address;      /* ... and one an address */
    bool listening;    /* the app has said so */
    int status;        /* of its last answer over HTTP, 0 = it has not answered */
    unsigned failures; /* how often the app has ended by itself, or had to be ended ... */
    unsigned starts;   /* ... before it listened */
};

struct trial {
    bool noted; /* there is a note of what was before */
    struct trial_note note;
    bool carrier_seen;
    unsigned failures, starts; /* when something else than the app was lacking: an app may need it */
    int64_t left_ms;
    int64_t now_ms; /* of the last judgement */
};

/* `note` is NULL when it is lost, with /data for example: then a cable that is in now asks for an
 * address, and nothing is asked of /data. */
void trial_begin(struct trial *trial, const struct trial_note *note, int64_t lasts_ms,
                 int64_t now_ms);

/* To be asked again and again, with a clock that never jumps. */
enum trial_verdict trial_judge(struct trial *trial, const struct trial_facts *facts,
                               int64_t now_ms);

/* What is still missing, as the rest of the sentence "the trial has failed: "; NULL = nothing. */
const char *trial_lacks(const struct trial *trial, const struct trial_facts *facts);

#endif
