/* An address of its own choice for an interface to which nobody gives one (RFC 3927): a laptop on a
 * direct cable has one, too, and the two reach each other. As pure arithmetic: ARP messages and
 * moments in, intentions out. Moments are milliseconds on any clock that never jumps. */
#ifndef FAPWS4_INIT_LINK_LOCAL_H
#define FAPWS4_INIT_LINK_LOCAL_H

#include "arp.h"

enum link_local_state {
    LINK_LOCAL_OFF,
    LINK_LOCAL_PROBING, /* does somebody have the address? */
    LINK_LOCAL_HELD,
};

enum link_local_act {
    LINK_LOCAL_WAIT,
    LINK_LOCAL_SEND,   /* send link_local_message */
    LINK_LOCAL_GAINED, /* the address is ours: use it, and send link_local_message */
    LINK_LOCAL_LOST,   /* somebody else insists on it: it must not be used any more */
};

struct link_local {
    enum link_local_state state;
    uint8_t mac[ARP_MAC_SIZE];
    uint32_t (*random)(void);
    uint32_t address;
    unsigned conflicts; /* addresses that others had */
    int sent;           /* messages in this state */
    int64_t due_ms;     /* when link_local_due has something to do; INT64_MAX: never */
    int64_t defended_ms;
};

/* Begins to look for an address. The first that is tried depends on `mac` only, so that a device
 * mostly has the same one again. */
void link_local_begin(struct link_local *local, const uint8_t mac[ARP_MAC_SIZE],
                      uint32_t (*random)(void), int64_t now);

/* Has done with it: another address has come. */
void link_local_end(struct link_local *local);

/* To be called at local->due_ms. */
enum link_local_act link_local_due(struct link_local *local, int64_t now);

/* To be called with every ARP message of the interface. */
enum link_local_act link_local_receive(struct link_local *local, const struct arp *heard,
                                       int64_t now);

/* The message that LINK_LOCAL_SEND and LINK_LOCAL_GAINED mean, to everybody. */
struct arp link_local_message(const struct link_local *local);

/* Whether an address is of this kind: 169.254.0.0/16. */
bool link_local_is(uint32_t address);

#endif
