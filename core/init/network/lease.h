/* What a DHCP server has lent: the value that crosses from the unprivileged DHCP client to PID
 * 1, and the checks that PID 1 makes before it believes a word of it. Pure; addresses in host
 * byte order, 0 = none. */
#ifndef FAPWS4_INIT_LEASE_H
#define FAPWS4_INIT_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../span.h"

enum { LEASE_SERVERS = 3, IPV4_TEXT_SIZE = 16 };

struct lease {
    uint32_t address; /* 0: the lease has ended, the interface has no address any more */
    uint32_t netmask;
    uint32_t router;
    uint32_t dns[LEASE_SERVERS]; /* option 6, the unused ones 0 */
    uint32_t ntp[LEASE_SERVERS]; /* option 42, the unused ones 0 */
    uint32_t server;             /* option 54 */
    uint32_t seconds;            /* option 51; UINT32_MAX = for ever */
};

/* True when the address can be a host's (no loopback, multicast, network or broadcast address)
 * and the mask is one. To be asked first; a lease that fails is not applied. */
bool lease_is_sane(const struct lease *lease);

/* Clears what is optional and cannot be right: a router outside the network or the host itself,
 * servers that are no unicast addresses. */
void lease_purge(struct lease *lease);

bool lease_equals(const struct lease *one, const struct lease *other);

/* Whether a host can have it, as far as one sees without its netmask. */
bool ipv4_is_unicast(uint32_t address);

/* Takes "10.0.2.15" off the front of *text. False when none stands there. */
bool ipv4_read(struct span *text, uint32_t *address);

/* "10.0.2.15" */
void ipv4_text(uint32_t address, char text[IPV4_TEXT_SIZE]);

#endif
