/* Updates from a container registry, when the image names one: a courier (fapws4/fetch/) looks there
 * every now and then, or when somebody wants it to, and what is new is installed. */
#ifndef FAPWS4_INIT_FETCH_H
#define FAPWS4_INIT_FETCH_H

#include "../config.h"
#include "courier.h"
#include "../log/output.h"

struct fetch {
    const struct config *config; /* NULL: not opened, and everything below does nothing */
    const char *failed;
    struct output output; /* of the courier */
    unsigned every; /* s; 0: only when somebody wants it to */
    bool begun;
    bool wanted; /* by somebody, who will look what came of it */
    struct courier courier;
    struct timer timer;
    char shown[COURIER_TEXT]; /* what was said last; the same is not said every hour */
};

/* `failed`: see courier_state.h. Nothing happens unless the configuration names a registry. */
void fetch_open(struct fetch *fetch, struct loop *loop, const struct config *config,
                const char *failed);

/* From now on it looks by itself, if it is to. */
void fetch_begin(struct fetch *fetch);

/* Somebody with the right to do so wants what is new, also a version that has failed before. False
 * when there is no registry, or when it is too early. */
bool fetch_look(struct fetch *fetch);

/* To be told of every process that has been reaped. True when it was the courier. */
bool fetch_reaped(struct fetch *fetch, pid_t pid);

#endif
