/* libFuzzer's door to what the local network says to a device: DHCP, ARP, multicast DNS and time servers. Whatever
 * arrives in whatever order, nothing is read behind it, and what is said in return can be read.
 *
 * An input is a row of packets, each with a head of two bytes: which parser, and a length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/init/network/acd.h"
#include "../../core/init/network/datagram.h"
#include "../../core/init/network/dhcp_client.h"
#include "../../core/init/network/link_local.h"
#include "../../core/init/network/mdns.h"
#include "../../core/init/clock/sntp_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac[DHCP_MAC_SIZE] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
static const struct mdns_addresses own = {
    .ipv4 = {10, 0, 2, 15}, .has_ipv4 = true, .ipv6 = {{0xfe, 0x80}}, .ipv6_count = 1};

static const struct host_address time_servers[] = {{{0xfd, [15] = 1}}, {{[10] = 0xff, 0xff, 10, 0, 0, 2}}};

struct device {
    struct dhcp_client dhcp;
    struct link_local local;
    struct acd fixed, lent;
    struct mdns mdns;
    struct sntp_client sntp;
    int64_t now;
};

static void insist(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static uint32_t no_chance(void)
{
    return 0;
}

static void hear_dhcp(struct device *device, const uint8_t *packet, size_t length)
{
    enum dhcp_act act = dhcp_client_receive(&device->dhcp, packet, length, device->now);

    if (act == DHCP_CHECK && packet[length - 1] % 2)
        act = dhcp_client_decline(&device->dhcp, device->now);
    else if (act == DHCP_CHECK)
        act = dhcp_client_use(&device->dhcp);
    lease_purge(&device->dhcp.lease);
    if (act == DHCP_GAINED)
        insist(lease_is_sane(&device->dhcp.lease) && device->dhcp.lease.seconds >= 10,
               "a lease that cannot be used");
    insist(device->dhcp.due_ms < INT64_MAX || device->dhcp.lease.seconds == UINT32_MAX,
           "a client that has fallen asleep");
    device->now = device->dhcp.due_ms > device->now ? device->dhcp.due_ms : device->now;
    dhcp_client_due(&device->dhcp, device->now);
}

static void hear_datagram(struct device *device, const uint8_t *packet, size_t length)
{
    struct datagram datagram;

    if (!datagram_read(packet, length, length % 2, &datagram))
        return;
    insist(datagram.payload >= packet && datagram.payload + datagram.length <= packet + length,
           "a payload outside of its packet");
    hear_dhcp(device, datagram.payload, datagram.length);
}

static void hear_arp(struct device *device, const uint8_t *packet, size_t length)
{
    struct arp heard;

    if (arp_read(packet, length, &heard)) {
        link_local_receive(&device->local, &heard, device->now);
        if (acd_receive(&device->fixed, &heard, device->now) != ACD_WAIT)
            insist(memcmp(device->fixed.rival, mac, ARP_MAC_SIZE) != 0, "a rival that is ourselves");
        if (acd_receive(&device->lent, &heard, device->now) == ACD_LOST)
            insist(device->lent.state == ACD_OFF, "an address that is lost and claimed");
    }
    device->now += 1000;
    link_local_due(&device->local, device->now);
    acd_due(&device->fixed, device->now);
    acd_due(&device->lent, device->now);
    insist(link_local_is(device->local.address), "an address of another kind");
}

static void hear_mdns(struct device *device, const uint8_t *packet, size_t length)
{
    uint8_t message[MDNS_MESSAGE_SIZE];
    uint16_t port = length % 2 ? MDNS_PORT : 1024;
    enum mdns_act act = mdns_receive(&device->mdns, packet, length, port, &own, device->now);
    struct dns_reader reader;
    struct dns_header header;
    struct dns_record record;

    device->now += 1000;
    mdns_due(&device->mdns, device->now);
    if (act != MDNS_ANSWER && act != MDNS_REPLY && act != MDNS_LEAVE)
        return;
    length = (act == MDNS_LEAVE ? mdns_write_goodbye : mdns_write_answer)(&device->mdns, &own, message);
    insist(dns_begin(&reader, message, length, &header), "an answer that is none");
    for (int i = 0; i < header.questions; i++)
        insist(dns_next_question(&reader, &record), "a question that cannot be read");
    for (int i = 0; i < header.answers; i++)
        insist(dns_next_record(&reader, &record) && dns_name_equals(record.name, device->mdns.name),
               "an answer about another name");
    insist(reader.at == length, "bytes behind the answer");
    if (act == MDNS_LEAVE)
        mdns_leave(&device->mdns, device->now);
}

/* The number that an answer must repeat is 1: chance is none. */
static void hear_sntp(struct device *device, const uint8_t *packet, size_t length)
{
    struct sntp_client *client = &device->sntp;
    enum sntp_act act;
    int64_t now_us = client->due_us;

    sntp_client_due(client, now_us);
    act = sntp_client_receive(client, &time_servers[length % 2], packet, length, now_us + 5000);
    insist(client->due_us > now_us, "nothing more to do, for ever");
    if (act != SNTP_TELL)
        return;
    now_us = (client->best.sample.started_us + now_us) / 1000000;
    insist(now_us >= client->earliest - 1 && now_us <= client->latest + 1, "a time that cannot be");
}

/* The packet is copied to a block of its own, at whose end the sanitizer stands. */
static void hear(struct device *device, uint8_t which, const uint8_t *data, size_t length)
{
    static void (*const parsers[])(struct device *, const uint8_t *, size_t) = {
        hear_dhcp, hear_datagram, hear_arp, hear_mdns, hear_sntp};
    uint8_t *packet = malloc(length ? length : 1);

    insist(packet != NULL, "no memory");
    memcpy(packet, data, length);
    parsers[which % 5](device, packet, length);
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device device = {.now = 1000};

    dhcp_client_init(&device.dhcp, mac, "hello", 0, no_chance, device.now);
    dhcp_client_due(&device.dhcp, device.now);
    link_local_begin(&device.local, mac, no_chance, device.now);
    acd_begin(&device.fixed, mac, 0x0a090014, false, no_chance, device.now);
    acd_begin(&device.lent, mac, 0x0a010014, true, no_chance, device.now);
    mdns_begin(&device.mdns, "hello", no_chance, device.now);
    sntp_client_begin(&device.sntp, time_servers, 2, 1700000000, 2300000000, 0, no_chance, 1000);
    while (size >= 2) {
        size_t length = (size_t)data[1] * 2 < size - 2 ? (size_t)data[1] * 2 : size - 2;

        hear(&device, data[0], data + 2, length);
        data += 2 + length;
        size -= 2 + length;
    }
    return 0;
}
