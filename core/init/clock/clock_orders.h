/* The orders about the time:
 *
 *   clock SECONDS        it is so many seconds since 1970 now; earlier than it was, perhaps. The
 *                        time servers that there are are not asked any more until the next start
 *   timezone NAME RULE   of the app, from its next start on: a name for people, and a POSIX TZ rule */
#ifndef FAPWS4_INIT_CLOCK_ORDERS_H
#define FAPWS4_INIT_CLOCK_ORDERS_H

#include "../owner/control.h"

struct span clock_orders_set(const struct order *order);
struct span clock_orders_set_zone(const struct order *order);

#endif
