/* The processes that a supervisor has started. */
#ifndef FAPWS4_CHILDREN_H
#define FAPWS4_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* STARTING: imports the app. SERVING: has said that it serves. LEAVING: was told to end. */
enum stage { STARTING, SERVING, LEAVING };

struct child {
    pid_t pid;
    int channel;         /* the supervisor's end of a socket pair; -1 when it has come to its end:
                          * the worker takes no new clients */
    enum stage stage;
    unsigned generation; /* those of one reload have the same */
    int64_t since;       /* milliseconds: when this stage began */
    bool terminated;     /* by SIGTERM: a second one would end it at once */
    struct child *next;
};

struct children {
    struct child *first;
};

/* Milliseconds of a clock that is never set. */
int64_t children_now(void);

/* Forks. In the supervisor the pid, or -1 with errno set. In the worker 0: *channel is its end of
 * the channel, and those of the others are closed. */
pid_t children_fork(struct children *children, unsigned generation, int *channel);

/* The child with this pid, or NULL. */
struct child *children_find(const struct children *children, pid_t pid);

/* True when one that was told to end may still take new clients. */
bool children_linger(const struct children *children);

/* How many of a generation are at a stage. */
int children_count(const struct children *children, unsigned generation, enum stage stage);

/* Puts a child on another stage. */
void child_enter(struct child *child, enum stage stage);

/* Has a child end: by the end of its channel when it may be patient and serves, else by SIGTERM. Its
 * own end follows when it listens no more. */
void child_leave(struct child *child, bool patient);

/* Sends a signal to all that serve; others do not know it yet. */
void children_signal(const struct children *children, int number);

/* Closes the supervisor's end of the channel. */
void child_close(struct child *child);

/* Takes a child that has ended off the list, and frees it. */
void children_remove(struct children *children, struct child *child);

#endif
