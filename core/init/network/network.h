/* The network: the loopback up, every Ethernet interface up as it appears, addresses on each that
 * has a cable (interface.h); name servers in /run/resolv.conf, where /etc/resolv.conf points. IPv6
 * link-local and SLAAC addresses are the kernel's own doing. */
#ifndef FAPWS4_INIT_NETWORK_H
#define FAPWS4_INIT_NETWORK_H

#include "interface.h"

struct network {
    struct loop *loop;
    int fd;
    const char *hostname;
    bool begun;
    struct network_settings settings;
    struct interface *holder; /* of the addresses that they fix, NULL = none yet */
    struct interface interfaces[POLICY_INTERFACES];
    /* The address of an interface came, changed or went; NULL: one of IPv6, of any. */
    void (*changed)(void *owner, const struct interface *interface);
    void *owner;
};

/* Brings up what is there and follows what comes; addresses wait for network_apply. `hostname`
 * is read when a DHCP server is told it. 0 or an errno value. */
int network_open(struct network *network, struct loop *loop, const char *hostname,
                 void (*changed)(void *, const struct interface *), void *owner);

/* From now on like this: by DHCP, but for one interface when addresses are fixed. That is the one
 * that the settings name, or the first one with a cable; when it has none any more, the next one that
 * gets one. What stays the same is not disturbed. */
void network_apply(struct network *network, const struct network_settings *settings);

/* Of its interfaces: the lease of one is another. */
void network_changed(struct network *network, const struct interface *interface);

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
