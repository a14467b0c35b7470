/* Where the time goes: for each route the requests, their statuses, their bytes, and the middle and
 * the slowest hundredth of their times. */
#ifndef FAPWS4_PROFILE_H
#define FAPWS4_PROFILE_H

#include "router.h"

#include <stdint.h>

struct profile;

/* Counts from now on; the router must outlive it. NULL when memory is out. */
struct profile *profile_create(const struct router *router);

/* Adds a request: its route (ROUTE_NONE: none of the app's), status, body bytes and nanoseconds. */
void profile_add(struct profile *profile, int route, int status, uint64_t bytes, uint64_t time);

/* Prints the table to stderr and begins anew. */
void profile_print(struct profile *profile);

/* NULL is legal. */
void profile_destroy(struct profile *profile);

#endif
