/* What a trial that fails leaves on /data/.fapws4/failed: its number, which is the slot state's seq
 * and tells one trial from another, what a person is told of it, and the last lines of that run. It
 * is there from the beginning of a trial to its good end, so that a version that hangs has left its
 * word too. */
#ifndef FAPWS4_INIT_FAILURE_H
#define FAPWS4_INIT_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "../span.h"

enum { FAILURE_TEXT = 256 };

struct failure {
    uint64_t trial;
    char text[FAILURE_TEXT]; /* "version 2.0 has not passed its trial: the app does not listen" */
    struct span lines;       /* valid until the next failure_read */
};

/* The sentence for a person. */
void failure_describe(const char *version, const char *reason, char text[FAILURE_TEXT]);

/* Puts it in place of the last one. 0 or an errno value. */
int failure_keep(const struct failure *failure);

/* False when there is none. */
bool failure_read(struct failure *failure);

/* 0 or an errno value. */
int failure_forget(void);

#endif
