/* The one loop of PID 1: poll(2) over descriptors, and timers. Single-threaded; handlers may add
 * and remove anything, themselves included. */
#ifndef FAPWS4_INIT_LOOP_H
#define FAPWS4_INIT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

struct watch {
    int fd; /* -1: this place is free */
    short events;
    bool fresh; /* begun since poll was asked last, which has said nothing of it */
    void (*ready)(void *owner);
    void *owner;
};

/* Belongs to its duty and must stay in place while it is set. Zeroed is a timer that is not set. */
struct timer {
    int64_t due_ms; /* on loop_now's clock; 0 = not set */
    void (*fired)(void *owner);
    void *owner;
    struct timer *next;
};

struct loop {
    struct watch watches[POLICY_WATCHES];
    struct timer *timers;
};

void loop_init(struct loop *loop);

/* Milliseconds since the kernel started, sleep included (CLOCK_BOOTTIME): never jumps, whatever
 * the clock is set to. */
int64_t loop_now(void);

/* How many ms poll(2) may wait for a moment of that clock: an hour at most. */
int loop_until(int64_t due_ms);

/* Calls ready(owner) whenever poll reports `events` (or an error) on fd. 0, or ENOSPC when all
 * places are taken. */
int loop_watch(struct loop *loop, int fd, short events, void (*ready)(void *), void *owner);

/* Ends the watch on fd, if there is one; to be called before fd is closed. */
void loop_forget(struct loop *loop, int fd);

/* Calls timer->fired(owner) once, after delay_ms; setting it again moves it. */
void loop_set(struct loop *loop, struct timer *timer, int64_t delay_ms);
void loop_unset(struct loop *loop, struct timer *timer);

/* One turn: waits for a descriptor or a timer, then calls what is due. */
void loop_turn(struct loop *loop);

#endif
