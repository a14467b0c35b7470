/* The order of an operator to make /data anew. It stands in a sector of the state partition that is
 * kept free for it (RESET_AT of appliance/imaging/preseed.py), because a file system that is to go, or that
 * cannot be mounted, cannot hold it; and it stays there until all is done, so that a power cut at
 * any moment leaves all of the old, or comes up with all of the new.
 *
 * Beside it, and for good, stand the USB sticks that have given one (updates/reset_file.h): a stick
 * that is left in the device gives its order once. */
#ifndef FAPWS4_INIT_RESET_ORDER_H
#define FAPWS4_INIT_RESET_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* Of more sticks than these the oldest is forgotten: more than a device has sockets. */
enum { RESET_AT = (12 << 20) + (64 << 10), RESET_STICKS = 32 };

/* `device` is the state partition's, `stick` the one that gives the order, or 0. Both: 0 or an errno
 * value. */
int reset_order_give(const char *device, uint32_t stick);
int reset_order_clear(const char *device);

bool reset_order_is_given(const char *device);

/* Whether this stick has given one before; true as well when that cannot be read. */
bool reset_order_was_by(const char *device, uint32_t stick);

#endif
