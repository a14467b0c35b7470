/* The order to take another certificate:
 *
 *   certificate CERTIFICATE KEY    with its chain behind it; both PEM, with '|' for the ends of lines
 *                                  and '_' for blanks
 *
 * It is answered when they have been judged: `ok`, and then they are in force and kept, or `refused` with
 * the reason, and then nothing has changed. */
#ifndef FAPWS4_INIT_CERTIFICATE_ORDERS_H
#define FAPWS4_INIT_CERTIFICATE_ORDERS_H

#include "control.h"

struct span certificate_orders_begin(const struct order *order);
bool certificate_orders_due(const struct order *order);
struct span certificate_orders_tell(const struct order *order);

#endif
