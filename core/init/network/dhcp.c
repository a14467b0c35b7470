#include "dhcp.h"

#include <string.h>

/* Offsets of the fixed part, RFC 2131 figure 1. */
enum {
    AT_OP = 0,
    AT_HARDWARE_TYPE = 1,
    AT_HARDWARE_LENGTH = 2,
    AT_XID = 4,
    AT_SECS = 8,
    AT_CIADDR = 12,
    AT_YIADDR = 16,
    AT_CHADDR = 28,
    AT_SNAME = 44,
    AT_FILE = 108,
    AT_COOKIE = 236,
    AT_OPTIONS = 240,
};

enum { BOOT_REQUEST = 1, BOOT_REPLY = 2, ETHERNET = 1 };

/* RFC 2132 */
enum option {
    PAD = 0,
    SUBNET_MASK = 1,
    ROUTER = 3,
    DNS = 6,
    HOST_NAME = 12,
    NTP = 42,
    REQUESTED_ADDRESS = 50,
    LEASE_TIME = 51,
    OVERLOAD = 52,
    MESSAGE_TYPE = 53,
    SERVER_ID = 54,
    PARAMETER_LIST = 55,
    MAXIMUM_SIZE = 57,
    RENEWAL_TIME = 58,
    REBINDING_TIME = 59,
    CLIENT_ID = 61,
    END = 255,
};

static const uint8_t cookie[4] = {99, 130, 83, 99};

static const uint8_t wanted_options[] = {SUBNET_MASK, ROUTER,    DNS,          NTP,
                                         LEASE_TIME,  SERVER_ID, RENEWAL_TIME, REBINDING_TIME};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint8_t *put_option(uint8_t *at, enum option option, const void *value, size_t length)
{
    at[0] = (uint8_t)option;
    at[1] = (uint8_t)length;
    memcpy(at + 2, value, length);
    return at + 2 + length;
}

static uint8_t *put_address(uint8_t *at, enum option option, uint32_t address)
{
    uint8_t bytes[4];

    if (address == 0)
        return at;
    put32(bytes, address);
    return put_option(at, option, bytes, sizeof bytes);
}

static uint8_t *put_identity(uint8_t *at, const struct dhcp_request *request)
{
    uint8_t identifier[1 + DHCP_MAC_SIZE] = {ETHERNET};

    memcpy(identifier + 1, request->mac, DHCP_MAC_SIZE);
    return put_option(at, CLIENT_ID, identifier, sizeof identifier);
}

/* What a message may have besides that wants an answer: RFC 2131, table 5. */
static uint8_t *put_wishes(uint8_t *at, const struct dhcp_request *request)
{
    const uint8_t size[2] = {DHCP_MESSAGE_SIZE >> 8, DHCP_MESSAGE_SIZE & 255};
    size_t length = strlen(request->hostname);

    if (length > 0 && length <= 63)
        at = put_option(at, HOST_NAME, request->hostname, length);
    at = put_option(at, MAXIMUM_SIZE, size, sizeof size);
    return put_option(at, PARAMETER_LIST, wanted_options, sizeof wanted_options);
}

size_t dhcp_write(const struct dhcp_request *request, uint8_t packet[DHCP_MESSAGE_SIZE])
{
    const uint8_t kind = (uint8_t)request->kind;
    uint8_t *at = packet + AT_OPTIONS;

    memset(packet, 0, DHCP_MESSAGE_SIZE);
    packet[AT_OP] = BOOT_REQUEST;
    packet[AT_HARDWARE_TYPE] = ETHERNET;
    packet[AT_HARDWARE_LENGTH] = DHCP_MAC_SIZE;
    put32(packet + AT_XID, request->xid);
    packet[AT_SECS] = (uint8_t)(request->seconds >> 8);
    packet[AT_SECS + 1] = (uint8_t)request->seconds;
    put32(packet + AT_CIADDR, request->current_address);
    memcpy(packet + AT_CHADDR, request->mac, DHCP_MAC_SIZE);
    memcpy(packet + AT_COOKIE, cookie, sizeof cookie);
    at = put_option(at, MESSAGE_TYPE, &kind, 1);
    at = put_identity(at, request);
    at = put_address(at, REQUESTED_ADDRESS, request->wanted_address);
    at = put_address(at, SERVER_ID, request->server);
    if (request->kind != DHCP_DECLINE)
        at = put_wishes(at, request);
    *at++ = END;
    /* RFC 1542 2.1: relays may drop what is shorter than BOOTP's 300 bytes. */
    return at - packet < 300 ? 300 : (size_t)(at - packet);
}

static void read_address(const uint8_t *value, size_t length, uint32_t *address)
{
    if (length >= 4)
        *address = get32(value);
}

static void read_addresses(const uint8_t *value, size_t length, uint32_t addresses[LEASE_SERVERS])
{
    for (size_t i = 0; i < LEASE_SERVERS && (i + 1) * 4 <= length; i++)
        addresses[i] = get32(value + i * 4);
}

static void read_option(struct dhcp_reply *reply, unsigned option, const uint8_t *value,
                        size_t length)
{
    struct lease *lease = &reply->lease;

    switch (option) {
    case SUBNET_MASK: read_address(value, length, &lease->netmask); break;
    case ROUTER: read_address(value, length, &lease->router); break;
    case DNS: read_addresses(value, length, lease->dns); break;
    case NTP: read_addresses(value, length, lease->ntp); break;
    case LEASE_TIME: read_address(value, length, &lease->seconds); break;
    case SERVER_ID: read_address(value, length, &lease->server); break;
    case RENEWAL_TIME: read_address(value, length, &reply->renew_seconds); break;
    case REBINDING_TIME: read_address(value, length, &reply->rebind_seconds); break;
    case MESSAGE_TYPE:
        if (length == 1 && (value[0] == DHCP_OFFER || value[0] == DHCP_ACK || value[0] == DHCP_NAK))
            reply->kind = (enum dhcp_kind)value[0];
        break;
    }
}

/* Reads one field of options. Its value of option 52: which further fields hold options. False
 * when an option reaches beyond the field: nothing of such a message is to be believed. */
static bool read_options(struct dhcp_reply *reply, const uint8_t *at, size_t left,
                         unsigned *overload)
{
    while (left > 0 && at[0] != END) {
        size_t length;

        if (at[0] == PAD) {
            at++;
            left--;
            continue;
        }
        if (left < 2 || (length = at[1]) > left - 2)
            return false;
        if (at[0] == OVERLOAD && length == 1)
            *overload = at[2];
        else
            read_option(reply, at[0], at + 2, length);
        at += 2 + length;
        left -= 2 + length;
    }
    return true;
}

static bool is_ours(const uint8_t *packet, size_t length, uint32_t xid, const uint8_t *mac)
{
    return length >= AT_OPTIONS && packet[AT_OP] == BOOT_REPLY &&
           packet[AT_HARDWARE_TYPE] == ETHERNET && packet[AT_HARDWARE_LENGTH] == DHCP_MAC_SIZE &&
           get32(packet + AT_XID) == xid && memcmp(packet + AT_CHADDR, mac, DHCP_MAC_SIZE) == 0 &&
           memcmp(packet + AT_COOKIE, cookie, sizeof cookie) == 0;
}

static uint32_t class_netmask(uint32_t address)
{
    return address >> 31 == 0 ? 0xff000000 : address >> 30 == 2 ? 0xffff0000 : 0xffffff00;
}

enum dhcp_kind dhcp_read(const uint8_t *packet, size_t length, uint32_t xid,
                         const uint8_t mac[DHCP_MAC_SIZE], struct dhcp_reply *reply)
{
    unsigned overload = 0, nested = 0;

    memset(reply, 0, sizeof *reply);
    if (!is_ours(packet, length, xid, mac))
        return DHCP_NONE;
    if (!read_options(reply, packet + AT_OPTIONS, length - AT_OPTIONS, &overload) ||
        ((overload & 1) && !read_options(reply, packet + AT_FILE, AT_COOKIE - AT_FILE, &nested)) ||
        ((overload & 2) && !read_options(reply, packet + AT_SNAME, AT_FILE - AT_SNAME, &nested)))
        return DHCP_NONE;
    reply->lease.address = get32(packet + AT_YIADDR);
    if (reply->lease.netmask == 0)
        reply->lease.netmask = class_netmask(reply->lease.address);
    return reply->kind;
}
