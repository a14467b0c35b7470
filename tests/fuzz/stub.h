/* The door to Python with C behind it: every way in which an app can answer, chosen by the path.
 * What it answers depends on nothing but the request. */
#ifndef FUZZ_STUB_H
#define FUZZ_STUB_H

#include "../../core/router.h"

#include <stdint.h>

/* Adds the stub's paths. */
void stub_fill(struct router *router);

/* The app at work between two requests: gives the next piece of a held body, or ends a call that
 * was put off. False when it had nothing to do. */
bool stub_work(void);

/* Things that handler.h has given out and that were not given back. */
int stub_living(void);

#endif
