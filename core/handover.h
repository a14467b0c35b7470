/* How a process that has found out that several are wanted becomes their supervisor: it starts its
 * own program again, which then, before any Python, finds the listening socket handed over. So the
 * supervisor holds nothing of the app, and each worker can import it afresh. */
#ifndef FAPWS4_HANDOVER_H
#define FAPWS4_HANDOVER_H

#include "address.h"

#include <stdbool.h>

struct handover {
    int listener;
    int workers;
    struct address address; /* where the listener listens */
};

/* Remembers what this program was started with (words, environment, folder), before the app or
 * options_parse can change it. False when memory is out. */
bool handover_prepare(char **argv);

/* True in a process that was started by handover_give. The environment is cleaned of it. */
bool handover_take(struct handover *handover);

/* Starts this program again, as it was started first, with the descriptors that its environment names:
 * `kept`, each of which may be -1. Returns only when that fails, after one line that says why. */
void handover_give(const struct handover *handover, const int kept[2]);

#endif
