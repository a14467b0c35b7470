#include "arp.h"

#include <string.h>

enum { OPERATION = 6, SENDER = 8, SENDER_ADDRESS = 14, TARGET_ADDRESS = 24, REQUEST = 1, REPLY = 2 };

/* Ethernet, IPv4, and the lengths of their addresses. */
static const uint8_t head[OPERATION] = {0, 1, 8, 0, ARP_MAC_SIZE, 4};

static void put_address(uint8_t *at, uint32_t address)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(address >> (24 - 8 * i));
}

static uint32_t get_address(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void arp_write(const struct arp *message, uint8_t packet[ARP_SIZE])
{
    memset(packet, 0, ARP_SIZE);
    memcpy(packet, head, sizeof head);
    packet[OPERATION + 1] = message->asks ? REQUEST : REPLY;
    memcpy(packet + SENDER, message->sender, ARP_MAC_SIZE);
    put_address(packet + SENDER_ADDRESS, message->sender_address);
    put_address(packet + TARGET_ADDRESS, message->target_address);
}

bool arp_read(const uint8_t *packet, size_t length, struct arp *message)
{
    if (length < ARP_SIZE || memcmp(packet, head, sizeof head) != 0 || packet[OPERATION] != 0 ||
        (packet[OPERATION + 1] != REQUEST && packet[OPERATION + 1] != REPLY))
        return false;
    message->asks = packet[OPERATION + 1] == REQUEST;
    memcpy(message->sender, packet + SENDER, ARP_MAC_SIZE);
    message->sender_address = get_address(packet + SENDER_ADDRESS);
    message->target_address = get_address(packet + TARGET_ADDRESS);
    return true;
}

bool arp_contests(const struct arp *heard, const uint8_t mac[ARP_MAC_SIZE], uint32_t address,
                  bool probing)
{
    bool also_probes =
        probing && heard->asks && heard->sender_address == 0 && heard->target_address == address;

    return memcmp(heard->sender, mac, ARP_MAC_SIZE) != 0 &&
           (heard->sender_address == address || also_probes);
}
