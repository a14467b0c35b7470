/* IPv6 on one interface: what the kernel does by itself, and what it is told (rtnetlink(7)). */
#ifndef FAPWS4_INIT_IPV6_H
#define FAPWS4_INIT_IPV6_H

#include <stdbool.h>
#include <stdint.h>

#include "inet6.h"

/* Each: 0 or an errno value. */

/* Takes every address and route away and begins anew, with the link-local address, and with those of
 * routers when they are to be heard: they are asked at once. */
int ipv6_begin(const char *name, bool hear_routers);

int ipv6_set_address(int index, const uint8_t address[INET6_SIZE], uint8_t prefix);
int ipv6_set_router(int index, const uint8_t router[INET6_SIZE]);

#endif
