/* ARP for IPv4 over Ethernet (RFC 826): the two messages with which an address is claimed
 * (RFC 5227). Pure; addresses in host byte order. */
#ifndef FAPWS4_INIT_ARP_H
#define FAPWS4_INIT_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARP_SIZE = 28, ARP_MAC_SIZE = 6 }; /* bytes */

struct arp {
    bool asks; /* a request; else a reply */
    uint8_t sender[ARP_MAC_SIZE];
    uint32_t sender_address; /* 0: the sender has none yet */
    uint32_t target_address;
};

/* A request; its target's hardware address is zero. */
void arp_write(const struct arp *message, uint8_t packet[ARP_SIZE]);

/* False unless it is a request or a reply about IPv4 over Ethernet. Padding may follow. */
bool arp_read(const uint8_t *packet, size_t length, struct arp *message);

/* Whether who sends this has `address`, or, as long as we are `probing` for it ourselves, is about to
 * take it at the same moment (RFC 5227, section 2.1.1). Not what `mac`, we, have sent. */
bool arp_contests(const struct arp *heard, const uint8_t mac[ARP_MAC_SIZE], uint32_t address,
                  bool probing);

#endif
