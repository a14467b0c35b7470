/* IPv4 (RFC 791) + UDP (RFC 768) around a payload, for an interface that has no address yet and
 * therefore no help from the kernel's own stack. Fragments are left out: a DHCP message is
 * smaller than any link's packet. Pure; addresses and ports in host byte order. */
#ifndef FAPWS4_INIT_DATAGRAM_H
#define FAPWS4_INIT_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATAGRAM_HEADERS = 28 }; /* bytes in front of the payload when writing */

struct datagram {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    const uint8_t *payload; /* inside the packet that was read, or to be copied when writing */
    size_t length;
};

/* Writes headers, checksums and payload. The packet's length, or 0 when packet[size] is too
 * small. */
size_t datagram_write(const struct datagram *datagram, uint8_t *packet, size_t size);

/* Reads a packet as a packet socket delivers it (IPv4 header first, link padding possibly behind
 * it). False unless it is one whole UDP datagram with right lengths and checksums.
 * `trust_udp_sum`: the sender was on this machine and its network card would have filled in the
 * sum (TP_STATUS_CSUMNOTREADY). */
bool datagram_read(const uint8_t *packet, size_t length, bool trust_udp_sum,
                   struct datagram *datagram);

#endif
