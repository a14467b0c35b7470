/* The order of an operator to make /data anew. It stands in a sector of the state partition that is
 * kept free for it (RESET_AT of appliance/imaging/preseed.py), because a file system that is to go, or that
 * cannot be mounted, cannot hold it; and it stays there until all is done, so that a power cut at
 * any moment leaves all of the old, or comes up with all of the new. */
#ifndef FAPWS4_INIT_RESET_ORDER_H
#define FAPWS4_INIT_RESET_ORDER_H

#include <stdbool.h>

enum { RESET_AT = (12 << 20) + (64 << 10) };

/* `device` is the state partition's. Both: 0 or an errno value. */
int reset_order_give(const char *device);
int reset_order_clear(const char *device);

bool reset_order_is_given(const char *device);

#endif
