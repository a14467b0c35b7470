/* An address that a person or a DHCP server has given to this device: whether somebody else has it
 * already is found out before it is used, and as long as it is (Address Conflict Detection, RFC 5227).
 * As pure arithmetic: ARP messages and moments in, intentions out. Moments are milliseconds on any
 * clock that never jumps.
 *
 * It asks three times in a second, not in four to seven as section 1.1 has it, so that a device
 * answers soon after power-on; who did not hear that is noticed later. An address in use is defended.
 * A person's is never given up (2.4 c): whoever looks for the device looks there. One that another had
 * first is not taken, and asked for again every minute, more or less: two that want it at the same
 * moment must not refuse it to each other for ever. A server's is given up at once when it is not in
 * use yet, and when who uses it, too, goes on after it was defended (2.4 b): the server has others. */
#ifndef FAPWS4_INIT_ACD_H
#define FAPWS4_INIT_ACD_H

#include "arp.h"

enum acd_state { ACD_OFF, ACD_PROBING, ACD_HELD };

enum acd_act {
    ACD_WAIT,
    ACD_SEND,     /* send acd_message */
    ACD_GAINED,   /* the address may be used, and acd_message is to be sent */
    ACD_REFUSED,  /* somebody has the address: acd->rival */
    ACD_DEFENDED, /* somebody uses it, too: acd->rival; acd_message is to be sent */
    ACD_LOST,     /* acd->rival goes on to use it: it must not be used any more */
};

struct acd {
    enum acd_state state;
    bool yields; /* it gives the address up */
    uint8_t mac[ARP_MAC_SIZE];
    uint32_t address;
    uint32_t (*random)(void);
    int sent;               /* messages in this state */
    int64_t due_ms;         /* when acd_due has something to do; INT64_MAX: never */
    int64_t quiet_until_ms; /* no defence before */
    uint8_t rival[ARP_MAC_SIZE];
};

/* Begins to ask. One that `yields` gives the address up as said above, and is off then. */
void acd_begin(struct acd *acd, const uint8_t mac[ARP_MAC_SIZE], uint32_t address, bool yields,
               uint32_t (*random)(void), int64_t now);

/* There is no such address. */
void acd_end(struct acd *acd);

/* To be called at acd->due_ms. */
enum acd_act acd_due(struct acd *acd, int64_t now);

/* To be called with every ARP message of the interface. */
enum acd_act acd_receive(struct acd *acd, const struct arp *heard, int64_t now);

/* The message that is meant above, to everybody. */
struct arp acd_message(const struct acd *acd);

#endif
