/* Name servers for the programs of this device: /etc/resolv.conf, which points to /run, because /
 * becomes read-only. */
#ifndef FAPWS4_INIT_RESOLVER_H
#define FAPWS4_INIT_RESOLVER_H

#include <stdint.h>

/* An empty list, before / is sealed. */
void resolver_open(void);

/* Puts `count` addresses, in host byte order, in place of those before. */
void resolver_write(const uint32_t *servers, int count);

#endif
