/* Name servers for the programs of this device: /etc/resolv.conf, which points to /run, because /
 * becomes read-only. */
#ifndef FAPWS4_INIT_RESOLVER_H
#define FAPWS4_INIT_RESOLVER_H

#include "host_address.h"

/* An empty list, before / is sealed. */
void resolver_open(void);

/* Puts `count` addresses in place of those before. */
void resolver_write(const struct host_address *servers, int count);

#endif
