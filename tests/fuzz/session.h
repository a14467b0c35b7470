/* One connection from its first byte to its end, in two ways that must not differ. */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include "loop.h"

/* How the client's bytes come, and how the connection ends behind them. */
struct plan {
    const uint8_t *choices; /* of the sizes of pieces, of writes and of pauses; NULL: all at once */
    size_t choice_count;
    size_t first;    /* bytes of the first piece, the rest is the second; 0: by choice */
    enum { SAYS_END, SAYS_NOTHING, BREAKS } parting;
    size_t break_at; /* BREAKS: bytes that come before */
};

struct outcome {
    struct buffer bytes;       /* what was answered, without 100 (Continue) */
    enum condition at_rest;    /* before the client has parted */
};

/* Runs a session; ends the program when the connection hangs, leaks or stays open. The outcome's
 * buffer is used again. */
void session_run(const struct plan *plan, struct slice data, struct outcome *outcome);

/* Runs `data` at once and by the plan, and ends the program when the outcomes differ. */
void session_compare(const struct plan *plan, struct slice data);

#endif
