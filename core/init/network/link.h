/* Network interfaces as the kernel reports them (rtnetlink(7)): only the reading of its messages
 * and the handful of ioctls that change something. */
#ifndef FAPWS4_INIT_LINK_H
#define FAPWS4_INIT_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lease.h"

struct link {
    int index;
    char name[IF_NAMESIZE];
    uint8_t mac[6];
    bool gone;     /* the interface does not exist any more */
    bool ethernet; /* speaks Ethernet and is hardware: no loopback, tunnel, bridge or dummy */
    bool up;       /* switched on by us */
    bool carrier;  /* a cable with something alive at its other end */
};

/* Asks on a NETLINK_ROUTE socket for a message about every interface there is. 0 or an errno
 * value. */
int link_ask_all(int fd);

/* Reads one message of such a socket. False when it is about something else. */
bool link_read(const void *message, size_t length, struct link *link);

/* Each: 0 or an errno value. */
int link_switch_on(const char *name);
int link_set_address(const char *name, uint32_t address,
                     uint32_t netmask); /* 0, 0: takes it away, with its routes */
int link_set_router(const char *name, uint32_t router, int metric);

#endif
