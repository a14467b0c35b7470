/* DHCP messages (RFC 2131, options RFC 2132), written and read. Pure: bytes and values only;
 * every byte that is read has been checked to lie inside the message. Left out: long options
 * (RFC 3396), classless routes (RFC 3442), authentication (RFC 3118); we ask for none of them.
 * Addresses in host byte order. */
#ifndef FAPWS4_INIT_DHCP_H
#define FAPWS4_INIT_DHCP_H

#include "lease.h"

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_MESSAGE_SIZE =
        548, /* bytes; what every server must accept: 576 (RFC 2131 2) less IP and UDP headers */
    DHCP_MAC_SIZE = 6,
};

/* Option 53 */
enum dhcp_kind {
    DHCP_NONE = 0, /* no message for us, or a broken one */
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
};

struct dhcp_request {
    enum dhcp_kind kind;
    uint8_t mac[DHCP_MAC_SIZE];
    uint32_t xid;
    uint16_t seconds;         /* since we began to ask */
    uint32_t current_address; /* ciaddr: 0 unless we have it and renew it */
    uint32_t wanted_address;  /* option 50, 0 = not sent */
    uint32_t server;          /* option 54, 0 = not sent */
    const char *hostname;     /* option 12, "" = not sent; never with DECLINE */
};

struct dhcp_reply {
    enum dhcp_kind kind; /* OFFER, ACK or NAK */
    struct lease lease;
    uint32_t renew_seconds;  /* T1, option 58; 0 = not said */
    uint32_t rebind_seconds; /* T2, option 59; 0 = not said */
};

/* Writes the message into packet. Its length. */
size_t dhcp_write(const struct dhcp_request *request, uint8_t packet[DHCP_MESSAGE_SIZE]);

/* Reads a server's message that answers `xid` for `mac`. DHCP_NONE for anything else. A missing
 * netmask becomes that of the address's class (RFC 950). */
enum dhcp_kind dhcp_read(const uint8_t *packet, size_t length, uint32_t xid,
                         const uint8_t mac[DHCP_MAC_SIZE], struct dhcp_reply *reply);

#endif
