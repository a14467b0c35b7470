/* The trial of a new slot on a machine: what the facts are, and what follows from the verdict. It
 * is confirmed, or the machine restarts with the old one, which says why. */
#ifndef FAPWS4_INIT_PROBATION_H
#define FAPWS4_INIT_PROBATION_H

#include "failure.h"
#include "../loop.h"
#include "../storage/lost.h"
#include "trial.h"

struct machine;

struct probation {
    bool runs; /* a trial has begun and is not over: this slot is not confirmed */
    struct trial trial;
    struct timer tick;
    int64_t lasts_ms;
    int64_t show_ms;            /* when the time that is left is said next */
    enum trial_verdict verdict; /* the last one ... */
    const char *lacks;          /* ... and what it was for, NULL = nothing */
    char failed[FAILURE_TEXT]; /* the last version that has not passed, and why; "" = none */
    char lost[LOST_PATH]; /* the settings as the last version that failed has left them; "" = none */
    bool unwritable; /* the slot has passed, and the state could not be written */
};

/* How long a trial lasts: POLICY_TRIAL, or less by fapws4.trial=SECONDS on the kernel's command
 * line. That line is part of the slot, as signed as the program: who can change it can change the
 * program as well, and a longer time cannot be had. */
int64_t probation_time(struct span cmdline);

/* To be called once /data is there and before the app starts: begins the trial, or says how the
 * last one ended, or does nothing. */
void probation_begin(struct machine *machine);

#endif
