/* A process that is started when somebody connects to its socket, which PID 1 holds, and that ends
 * by itself when nobody has for a while: as long as nobody wants it, it costs no memory. */
#ifndef FAPWS4_INIT_ACTIVATED_H
#define FAPWS4_INIT_ACTIVATED_H

#include <stdbool.h>
#include <sys/types.h>

#include "../backoff.h"
#include "../loop.h"

struct activated {
    struct loop *loop;
    const char *what; /* the subject of lines about it: "the recovery pages" */
    int listener;     /* -1 = none yet */
    pid_t pid;        /* 0: it does not run */
    int64_t started_ms;
    struct backoff backoff;
    struct timer restart;
    /* In the child: becomes the program, or ends. */
    void (*run)(const void *owner);
    const void *owner;
};

/* Takes a listening socket over. */
void activated_open(struct activated *activated, struct loop *loop, const char *what, int listener,
                    void (*run)(const void *owner), const void *owner);

/* Starts it now, unless it runs. */
void activated_start(struct activated *activated);

/* To be told of every process that has been reaped. True when it was this one. */
bool activated_reaped(struct activated *activated, pid_t pid, int status);

#endif
