/* What the manager may ask of the network: new settings, tried or kept (network_change.h). */
#ifndef FAPWS4_INIT_NETWORK_ORDERS_H
#define FAPWS4_INIT_NETWORK_ORDERS_H

#include "../owner/control.h"

/* Verbs of orders.c; the words of the first two are settings (network_settings.h), all of them. They
 * are answered `ok`, the first one with how many seconds it has. */
struct span order_network_try(const struct order *order);
struct span order_network_now(const struct order *order);
struct span order_network_keep(const struct order *order);
struct span order_network_revert(const struct order *order);

#endif
