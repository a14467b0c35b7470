/* A record of /dev/kmsg: what the kernel itself says, and how serious it is. Pure. */
#ifndef FAPWS4_INIT_KERNEL_MESSAGE_H
#define FAPWS4_INIT_KERNEL_MESSAGE_H

#include "../span.h"

/* The levels are syslog(2)'s: 0 is the end of everything, 7 talk between developers. */
enum { KERNEL_ERROR = 3 };

/* The first line of a record's text, when the kernel and no program has written it and it is an
 * error or worse. False for every other. */
bool kernel_message_is_error(struct span record, struct span *text);

#endif
