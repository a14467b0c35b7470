/* PID 1's door for the recovery pages: one line comes, one answer goes, and that was it.
 *
 *   VERB          answered at once
 *   VERB CODE     for what changes the device: the claim code is compared here, and a wrong one is
 *                 answered `refused ...` only after a while, which grows with every wrong one
 *
 * What the verbs are, orders.c says. */
#ifndef FAPWS4_INIT_CONTROL_H
#define FAPWS4_INIT_CONTROL_H

#include "claim.h"
#include "loop.h"
#include "span.h"

enum { CONTROL_CALLERS = 8, CONTROL_LINE = 128 };

struct verb {
    const char *name; /* the last one of a list has NULL */
    bool guarded;     /* by the claim code */
    /* The answer; it is sent before anything else happens. */
    struct span (*act)(void *owner);
};

struct control;

struct caller {
    struct control *control;
    int fd; /* -1: this place is free */
    char line[CONTROL_LINE];
    size_t used;
    bool wrong;            /* it has said a wrong code, and is kept waiting */
    struct timer patience; /* how long it may take to say its line, or is kept waiting */
};

struct control {
    struct loop *loop;
    int fd;
    const struct verb *verbs;
    struct claim *claim;
    void *owner;
    struct caller callers[CONTROL_CALLERS];
};

/* Answers whoever connects to `fd`, a listening socket, which is taken over. */
void control_open(struct control *control, struct loop *loop, int fd, const struct verb *verbs,
                  struct claim *claim, void *owner);

#endif
