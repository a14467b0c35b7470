/* One process per interface that talks DHCP, or claims the address that the settings fix, as it does
 * with a server's before it tells it (RFC 5227); and one of its own choice (RFC 3927) when no server
 * has given one for POLICY_LINK_LOCAL_AFTER, or another host has the fixed one; it goes on with the
 * first, and what that brings goes before.
 * A process, so that what comes from the network is never parsed by root: it opens its sockets,
 * then gives up every right (own user, empty root directory, no files, no children) and from there
 * on can do nothing but send DHCP and ARP messages and report to PID 1. */
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
    uint32_t fixed;      /* the address to claim, 0 = one by DHCP */
    uint32_t remembered; /* an address held before, 0 = none */
};

struct dhcp_report {
    struct lease lease;           /* that is in force now; address 0 = none */
    uint32_t contested;           /* the address that another host has, 0 = none ... */
    uint8_t rival[DHCP_MAC_SIZE]; /* ... which is this one */
};

/* Forks the process; its pid, or -1 with errno set. *reports becomes a non-blocking
 * SOCK_SEQPACKET descriptor on which each packet is one struct dhcp_report. Of a fixed address only
 * `address` is told. */
pid_t dhcp_process_start(const struct dhcp_order *order, int *reports);

#endif
