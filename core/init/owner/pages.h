/* The device's own pages, put together: certificate, recovery process, and what that may order. */
#ifndef FAPWS4_INIT_PAGES_H
#define FAPWS4_INIT_PAGES_H

#include "certificate.h"
#include "control.h"
#include "../log/output.h"
#include "recovery.h"

struct machine;

struct pages {
    bool open; /* who wants something of PID 1 can ask for it */
    struct certificate certificate;
    struct recovery recovery;
    struct output output; /* of the recovery process */
    struct control control;
    struct timer order;                     /* runs from an order until it is done ... */
    void (*ordered)(struct machine *machine); /* ... which is this one */
};

/* To be called when the storage has settled and the claim code is known. */
void pages_begin(struct machine *machine);

/* To be told that an interface has got an address. */
void pages_address(struct machine *machine, const char *address);

/* To be called often. */
void pages_turn(struct pages *pages);

/* To be told of every process that has been reaped. True when it was one of theirs. */
bool pages_reaped(struct pages *pages, pid_t pid, int status);

#endif
