/* One Ethernet interface and its addresses: those that the settings fix, or one by DHCP, or a
 * link-local one where no server answers. */
#ifndef FAPWS4_INIT_INTERFACE_H
#define FAPWS4_INIT_INTERFACE_H

#include <sys/types.h>

#include "../backoff.h"
#include "link.h"
#include "../loop.h"
#include "network_settings.h"

struct network;

struct interface {
    struct network *network;
    struct link link;   /* link.index 0: this place is free */
    struct lease lease; /* address 0: none */
    bool fixed;         /* it is to have the one of the settings */
    bool fixed6;        /* it has that of IPv6 */
    bool contested;     /* another host has the former, too: this one */
    uint8_t rival[6];
    int64_t rival_said_ms;
    uint32_t lent;      /* the last address by DHCP, which is asked for again; 0 = none */
    bool had_carrier;   /* since it is there */
    pid_t client;       /* its DHCP process, 0 = none */
    int64_t client_started_ms;
    int reports; /* the socket of that process, -1 = none */
    struct backoff backoff;
    struct timer restart;
    struct timer expiry; /* of the lease, also when its process has been ended */
};

void interface_init(struct interface *interface, struct network *network, const struct link *link);

/* To be called when the network's settings are others than before. */
void interface_apply(struct interface *interface, const struct network_settings *before);

/* To be called when a cable has come or gone. One that comes back may lead to another network: ask
 * again. The old address stays until the answer. */
void interface_carrier(struct interface *interface);

/* It is not there any more; the kernel has taken its addresses away. */
void interface_remove(struct interface *interface);

/* To be told that its DHCP process has been reaped. */
void interface_reaped(struct interface *interface);

#endif
