/* The network: the loopback up, every Ethernet interface up as it appears, an address by DHCP on
 * each that has a cable, or a link-local one where no server answers; name servers in
 * /run/resolv.conf, where /etc/resolv.conf points. IPv6 link-local and SLAAC addresses are the
 * kernel's own doing. */
#ifndef FAPWS4_INIT_NETWORK_H
#define FAPWS4_INIT_NETWORK_H

#include <sys/types.h>

#include "backoff.h"
#include "link.h"
#include "loop.h"

struct network;

struct interface {
    struct network *network;
    struct link link;   /* link.index 0: this place is free */
    struct lease lease; /* address 0: none */
    pid_t client;       /* its DHCP process, 0 = none */
    int64_t client_started_ms;
    int reports; /* the lease socket of that process, -1 = none */
    struct backoff backoff;
    struct timer restart;
    struct timer expiry; /* of the lease, also when its process has been ended */
};

struct network {
    struct loop *loop;
    int fd;
    const char *hostname;
    bool begun;
    struct lease fixed;       /* address 0: all by DHCP */
    struct interface *holder; /* of the fixed address, NULL = none yet */
    struct interface interfaces[POLICY_INTERFACES];
    /* The address of an interface came, changed or went. */
    void (*changed)(void *owner, const struct interface *interface);
    void *owner;
};

/* Brings up what is there and follows what comes; addresses wait for network_begin. `hostname`
 * is read when a DHCP server is told it. 0 or an errno value. */
int network_open(struct network *network, struct loop *loop, const char *hostname,
                 void (*changed)(void *, const struct interface *), void *owner);

/* Addresses from now on: by DHCP, but for one interface when there is a fixed address. That is
 * the first one with a cable; when it has none any more, the next one that gets one. */
void network_begin(struct network *network, const struct lease *fixed);

/* Says why there is no address: no interface, no cable, no server. Nothing when there is one. */
void network_explain(const struct network *network);

/* Whether an interface has an IPv4 address of any kind. */
bool network_has_address(const struct network *network);

/* Whether a server or a person has given an address: a link-local one does not count, which shows
 * only that the card works. */
bool network_was_given_address(const struct network *network);

/* To be told of every process that has been reaped. True when it was a DHCP process of ours. */
bool network_reaped(struct network *network, pid_t pid);

#endif
