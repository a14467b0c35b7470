/* The orders about the log:
 *
 *   log-from N   the lines behind position N: NEXT, which is the position behind the last of them,
 *                '\n', and the lines (log_text.h), POLICY_LOG_ANSWER bytes of them at most
 *   log-wait N   the same, once there is a line behind N */
#ifndef FAPWS4_INIT_LOG_ORDERS_H
#define FAPWS4_INIT_LOG_ORDERS_H

#include "../owner/control.h"

struct span log_orders_tell(const struct order *order);
bool log_orders_due(const struct order *order);

#endif
