#include "datagram.h"

#include <string.h>

enum { IP_HEADER = 20, UDP_HEADER = 8, UDP_PROTOCOL = 17, MORE_FRAGMENTS_OR_OFFSET = 0x3fff };

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* RFC 1071: the ones' complement sum of 16 bit words, an odd last byte padded with zero. */
static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        sum += get16(bytes + i);
    if (length % 2)
        sum += (uint32_t)bytes[length - 1] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Over the pseudo header (RFC 768), the UDP header and the payload. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, size_t length)
{
    uint32_t sum = sum_words(UDP_PROTOCOL + (uint32_t)length, ip + 12, 8);

    return fold(sum_words(sum, udp, length));
}

size_t datagram_write(const struct datagram *datagram, uint8_t *packet, size_t size)
{
    uint8_t *udp = packet + IP_HEADER;
    size_t udp_length = UDP_HEADER + datagram->length;
    uint16_t sum;

    if (udp_length > 0xffff - IP_HEADER || size < IP_HEADER + udp_length)
        return 0;
    memset(packet, 0, DATAGRAM_HEADERS);
    packet[0] = 0x45; /* version 4, five words of header */
    put16(packet + 2, IP_HEADER + udp_length);
    packet[8] = 64; /* time to live */
    packet[9] = UDP_PROTOCOL;
    put32(packet + 12, datagram->source);
    put32(packet + 16, datagram->destination);
    put16(packet + 10, fold(sum_words(0, packet, IP_HEADER)));
    put16(udp, datagram->source_port);
    put16(udp + 2, datagram->destination_port);
    put16(udp + 4, udp_length);
    memcpy(udp + UDP_HEADER, datagram->payload, datagram->length);
    sum = udp_sum(packet, udp, udp_length);
    put16(udp + 6, sum ? sum : 0xffff); /* 0 would mean: no checksum */
    return IP_HEADER + udp_length;
}

static bool is_whole_udp(const uint8_t *packet, size_t header, size_t total)
{
    return header >= IP_HEADER && total >= header + UDP_HEADER && packet[9] == UDP_PROTOCOL &&
           (get16(packet + 6) & MORE_FRAGMENTS_OR_OFFSET) == 0 &&
           fold(sum_words(0, packet, header)) == 0;
}

bool datagram_read(const uint8_t *packet, size_t length, bool trust_udp_sum,
                   struct datagram *datagram)
{
    size_t header, total, udp_length;
    const uint8_t *udp;

    if (length < DATAGRAM_HEADERS || packet[0] >> 4 != 4)
        return false;
    header = (size_t)(packet[0] & 15) * 4;
    total = get16(packet + 2);
    if (total > length || !is_whole_udp(packet, header, total))
        return false;
    udp = packet + header;
    udp_length = get16(udp + 4);
    if (udp_length < UDP_HEADER || udp_length > total - header)
        return false;
    if (!trust_udp_sum && get16(udp + 6) != 0 && udp_sum(packet, udp, udp_length) != 0)
        return false;
    *datagram = (struct datagram){get32(packet + 12), get32(packet + 16), get16(udp),
                                  get16(udp + 2),     udp + UDP_HEADER,   udp_length - UDP_HEADER};
    return true;
}
