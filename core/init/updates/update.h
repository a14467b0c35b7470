/* Updates, as PID 1 sees them: it lets the updater (update_process.h) begin, and what it has
 * installed is armed and tried by a restart. PID 1 itself never reads a byte of an update. */
#ifndef FAPWS4_INIT_UPDATE_H
#define FAPWS4_INIT_UPDATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../backoff.h"
#include "../loop.h"

struct machine;

enum update_state {
    UPDATE_OFF, /* this image accepts none */
    UPDATE_IDLE,
    UPDATE_RUNNING,
    UPDATE_INSTALLED, /* `text` is its version: the machine is about to restart */
    UPDATE_REFUSED,   /* `text` says why the last one was */
};

struct update {
    enum update_state state;
    uint64_t done, total; /* bytes, of the one that runs */
    char text[256];

    /* What follows is update.c's own. */
    pid_t pid;
    int listener;
    int channel;
    int64_t started_ms;
    struct backoff backoff;
    struct timer again;    /* starts the updater again */
    struct timer answered; /* restarts the machine */
};

/* To be called once /data is there, and what was on trial is known. */
void update_begin(struct machine *machine);

/* To be told of every process that has been reaped. True when it was the updater. */
bool update_reaped(struct machine *machine, pid_t pid);

#endif
