/* What USB sticks bring, updates and the order of a factory reset: one stick after the other is looked at, by a courier. What is found is
 * installed by itself (usb_update=auto), or once somebody agrees who stands in front of the device,
 * by the Enter key, or who knows its claim code (ask); or no stick is ever looked at (off).
 * A factory reset needs nobody but who holds the stick, and begins a while later (stick_reset.h). */
#ifndef FAPWS4_INIT_STICKS_H
#define FAPWS4_INIT_STICKS_H

#include "courier.h"
#include "enter.h"
#include "../hardware/modules.h"
#include "stick_reset.h"

struct sticks {
    bool begun;
    bool automatic;
    const char *failed; /* see courier_state.h */
    const char *product; /* NULL: not opened, and everything below does nothing */
    const char *own; /* the disk that was booted from, which is no stick: /dev/sda, or "" */
    struct modules *modules;
    struct courier courier;
    struct enter enter;
    struct stick_reset reset;
    struct stick_order at;                   /* the one that is looked at */
    char waiting[POLICY_STICKS][STICK_NODE]; /* those that are next */
    int waiting_count;
};

/* `automatic`: nobody is asked for updates. `product` and `host` are the names of this device; `reset`
 * is called with `owner`. */
void sticks_open(struct sticks *sticks, struct loop *loop, struct modules *modules,
                 const char *product, const char *host, const char *own, bool automatic,
                 const char *failed, stick_reset_orders *reset, void *owner);

/* Looks at the sticks that are there, and from now on at those that come. */
void sticks_begin(struct sticks *sticks);

/* A disk or partition has come, or gone. */
void sticks_add(struct sticks *sticks, const char *node);
void sticks_remove(struct sticks *sticks, const char *node);

/* Somebody with the right to do so agrees to what is offered. False when nothing is. */
bool sticks_agree(struct sticks *sticks);

/* To be told of every process that has been reaped. True when it was the one that reads a stick. */
bool sticks_reaped(struct sticks *sticks, pid_t pid);

#endif
