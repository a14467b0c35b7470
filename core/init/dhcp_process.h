/* One process per interface that talks DHCP, and claims an address of its own choice (RFC 3927) when
 * no server has answered for POLICY_LINK_LOCAL_AFTER; DHCP goes on, and what it brings goes before.
 * A process, so that what comes from the network is never parsed by root: it opens its sockets,
 * then gives up every right (own user, empty root directory, no files, no children) and from there
 * on can do nothing but send DHCP and ARP messages and report leases to PID 1. */
#ifndef FAPWS4_INIT_DHCP_PROCESS_H
#define FAPWS4_INIT_DHCP_PROCESS_H

#include <net/if.h>
#include <sys/types.h>

#include "dhcp.h"

struct dhcp_order {
    char interface[IF_NAMESIZE];
    int index; /* of the interface */
    uint8_t mac[DHCP_MAC_SIZE];
    const char *hostname;
    uint32_t remembered; /* an address held before, 0 = none */
};

/* Forks the process; its pid, or -1 with errno set. *reports becomes a non-blocking
 * SOCK_SEQPACKET descriptor on which each packet is one struct lease: applied when sane, address
 * 0 = lost. */
pid_t dhcp_process_start(const struct dhcp_order *order, int *reports);

#endif
