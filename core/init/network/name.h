/* The device's name on the local network: a process answers for it (mdns_process.h), and is started
 * again when it ends. */
#ifndef FAPWS4_INIT_NAME_H
#define FAPWS4_INIT_NAME_H

#include <sys/types.h>

#include "../backoff.h"
#include "../loop.h"

struct name {
    struct loop *loop;
    const char *hostname;
    char text[80]; /* "hello.local"; "": not yet */
    pid_t pid;     /* 0 = none */
    int reports;
    int64_t started_ms;
    struct backoff backoff;
    struct timer restart;
    void (*changed)(void *owner); /* text has */
    void *owner;
};

/* Begins to answer for `hostname`. */
void name_begin(struct name *name, struct loop *loop, const char *hostname,
                void (*changed)(void *), void *owner);

/* To be called when `hostname` has become another one; nothing before name_begin. */
void name_change(struct name *name);

/* The device ends: others are told that there is no such name any more. */
void name_end(struct name *name);

/* To be told of every process that has been reaped. True when it was this one. */
bool name_reaped(struct name *name, pid_t pid);

#endif
