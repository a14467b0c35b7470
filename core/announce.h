/* What the server says on stderr about where it listens, and to who started it. */
#ifndef FAPWS4_ANNOUNCE_H
#define FAPWS4_ANNOUNCE_H

#include "address.h"

/* One line for people. `workers` is said from 2 on. */
void announce_address(const struct address *address, int workers);

/* Why it cannot listen (an errno value), and what to do. */
void announce_failure(const struct address *address, int error);

/* "listening HOST PORT", with " https" behind it where that is spoken, on the descriptor of
 * FAPWS_READY_FD, which is closed; nothing when it is negative. */
void announce_ready(int descriptor, const struct address *address);

#endif
