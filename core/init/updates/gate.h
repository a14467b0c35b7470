/* The updater's gate: who connects says what is wanted and shows that it may (../update/greeting.h),
 * within a time; whoever may is handed on. What a stranger can do here is wait. */
#ifndef FAPWS4_INIT_GATE_H
#define FAPWS4_INIT_GATE_H

#include "../../update/greeting.h"
#include "../owner/claim.h"
#include "../loop.h"

struct gate;

struct caller {
    struct gate *gate;
    int fd; /* -1: this place is free */
    bool root; /* its process was root when it connected */
    size_t used;
    char bytes[GREETING_MOST]; /* of the greeting, and what came with it */
    struct timer due;
    const char *refusal; /* what it is told when that is due */
};

struct gate {
    struct loop *loop;
    int listener;
    struct claim claim;
    struct caller callers[POLICY_UPDATE_CALLERS];
    /* Somebody who may: takes `fd` over. `early` is what came behind the greeting. */
    void (*enter)(void *owner, int fd, enum session_mode mode, struct span early);
    void *owner;
};

/* Begins to listen on a non-blocking socket. The rest of *gate is as the caller has set it. 0 or
 * an errno value. */
int gate_open(struct gate *gate);

/* Closes what belongs to the gate, in a process that has been forked to serve one who may. */
void gate_abandon(struct gate *gate);

#endif
