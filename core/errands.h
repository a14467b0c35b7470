/* Work that any thread, or the app before the server runs, hands to the thread of the loop. */
#ifndef FAPWS4_ERRANDS_H
#define FAPWS4_ERRANDS_H

#include <stdbool.h>
#include <uv.h>

struct errand {
    void (*run)(struct errand *errand); /* called on the loop's thread, with Python held */
    struct errand *next;
    bool sent;                          /* waits to be run */
};

/* Runs on this loop what has been sent so far, and what will be. 0 or a UV_E code. */
int errands_begin(uv_loop_t *loop);

/* May be called by any thread. The errand must stay where it is until it has been run; sending one
 * that is waiting already is legal and changes nothing. */
void errand_send(struct errand *errand);

/* Runs what is waiting now; what is sent later is never run. The loop's owner closes the handle. */
void errands_end(void);

#endif
