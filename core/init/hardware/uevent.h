/* One kernel uevent as it comes off the netlink socket:
 * "ACTION@DEVPATH\0KEY=VALUE\0KEY=VALUE\0...". Pure. */
#ifndef FAPWS4_INIT_UEVENT_H
#define FAPWS4_INIT_UEVENT_H

#include "../span.h"

/* The value of `key`, NUL-terminated inside the message, or NULL. The message must end with a
 * NUL byte: any other is answered with NULL. */
const char *uevent_value(struct span message, const char *key);

/* True when the message says that a device of `subsystem` has been added. */
bool uevent_adds(struct span message, const char *subsystem);

/* True when the message says that one is gone. */
bool uevent_removes(struct span message, const char *subsystem);

#endif
