/* PID 1's door for its own processes: one line comes, one answer goes, and that was it.
 *
 *   VERB                  answered at once
 *   VERB CODE             for what changes the device: the claim code is compared here, and a wrong
 *                         one is answered `refused ...` only after a while, which grows with every
 *                         wrong one
 *   VERB WORDS...         of a process that was root when it connected: it needs no code, and may
 *                         say more
 *
 * What the verbs are, orders.c says. */
#ifndef FAPWS4_INIT_CONTROL_H
#define FAPWS4_INIT_CONTROL_H

#include "claim.h"
#include "../loop.h"
#include "../span.h"

/* How many may call at once, and how many of them may have an answer that is not due yet. A line is
 * as long as a certificate with its chain and its key at most. */
enum { CONTROL_CALLERS = 8, CONTROL_HELD = 4, CONTROL_LINE = 49152 };

/* Who may say a verb. */
enum verb_right {
    VERB_OPEN,    /* all who can connect */
    VERB_CLAIMED, /* root, and who knows the claim code */
    VERB_ROOT,    /* root */
    VERB_CHECK,   /* root with the claim code, which is all the words that there are */
};

struct order {
    void *owner;       /* of the verbs */
    struct span words; /* behind the verb, when root says it; of all others nothing */
};

struct verb {
    const char *name; /* the last one of a list has NULL */
    enum verb_right right;
    /* The answer; it is sent before anything else happens. */
    struct span (*act)(const struct order *order);
    /* Whether it is time to answer; if not, it is asked again at each control_look, for
     * POLICY_CONTROL_HOLD at most. NULL: always. */
    bool (*due)(const struct order *order);
    /* Begins what takes a while, before it is asked whether it is time; what is not empty is the answer
     * already. NULL: there is nothing to begin. */
    struct span (*begin)(const struct order *order);
};

struct control;

struct caller {
    struct control *control;
    int fd;    /* -1: this place is free */
    bool root; /* its process was root when it connected */
    char line[CONTROL_LINE];
    size_t used;
    bool wrong;              /* it has said a wrong code, and is kept waiting */
    const struct verb *held; /* its answer is not due yet; NULL: there is no such */
    struct order order;      /* what it has said then */
    struct timer patience;   /* how long it may take to say its line, or is kept waiting */
};

struct control {
    struct loop *loop;
    int fd;
    const struct verb *verbs;
    struct claim *claim;
    void *owner;
    unsigned root; /* the user who counts as root: 0 */
    struct caller callers[CONTROL_CALLERS];
};

/* Answers whoever connects to `fd`, a listening socket, which is taken over. */
void control_open(struct control *control, struct loop *loop, int fd, const struct verb *verbs,
                  struct claim *claim, void *owner);

/* To be called often: answers those whose answer is due now. */
void control_look(struct control *control);

#endif
