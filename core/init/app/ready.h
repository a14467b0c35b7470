/* The one line a server writes to FAPWS_READY_FD once it listens: "listening HOST PORT\n", or
 * "listening HOST PORT https\n". Pure. */
#ifndef FAPWS4_INIT_READY_H
#define FAPWS4_INIT_READY_H

#include "../span.h"

struct ready {
    char text[128]; /* what has arrived of the line */
    size_t used;
    char host[64];
    unsigned port; /* 0: not known (yet) */
    bool secure;   /* it speaks https */
};

/* Adds bytes; true as soon as the line is complete and makes sense: all is then set.
 * Zeroed is the beginning. A line that makes no sense is never true. */
bool ready_feed(struct ready *ready, struct span bytes);

/* True when the server listens on every address of the machine. */
bool ready_is_everywhere(const struct ready *ready);

/* The URL of `host` (or of ready->host when NULL) into out[size]: the scheme's own port is left out,
 * IPv6 gets its brackets. */
void ready_url(const struct ready *ready, const char *host, char *out, size_t size);

#endif
