/* A courier as a process (courier_state.h says what it does): unprivileged, and the only thing on
 * the device that reads what comes from where it looks. PID 1 hears short packets from it and, when
 * an update is to be installed, hands it a connection to the updater, which takes it as PID 1's. */
#ifndef FAPWS4_INIT_COURIER_H
#define FAPWS4_INIT_COURIER_H

#include <sys/types.h>

#include "courier_state.h"
#include "../loop.h"

struct courier {
    struct loop *loop;
    struct courier_state state;
    pid_t pid; /* 0: none runs */
    int fd;    /* packets; -1: none */
    void (*told)(void *owner, enum courier_act act); /* all but WAIT; INSTALL is then done here */
    void *owner;
};

void courier_init(struct courier *courier, struct loop *loop,
                  void (*told)(void *, enum courier_act), void *owner);

/* Forks; in the child, run(order, packets) is called as root, and never returns. Only when none
 * runs. `automatic` and `failed` as in courier_state.h. 0 or an errno value. */
int courier_start(struct courier *courier, bool automatic, const char *failed,
                  void (*run)(const void *, int), const void *order);

/* Somebody wants what is offered. False when nothing is. */
bool courier_agree(struct courier *courier);

/* What it reads from is gone, or not wanted: it is ended, and told() what that means. */
void courier_lose(struct courier *courier);

/* What it offers is not wanted: it is ended without a word. */
void courier_dismiss(struct courier *courier);

/* To be told of every process that has been reaped. True when it was this one. */
bool courier_reaped(struct courier *courier, pid_t pid);

/* In the child: says a packet; it ends when PID 1 does not listen any more. */
void courier_say(int packets, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In the child: waits until it is told to go on. The connection to the updater, or -1. */
int courier_wait(int packets);

#endif
