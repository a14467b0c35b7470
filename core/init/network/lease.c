#include "lease.h"

#include <stdio.h>
#include <string.h>

bool ipv4_is_unicast(uint32_t address)
{
    uint32_t first = address >> 24;

    return first >= 1 && first <= 223 && first != 127;
}

static bool is_netmask(uint32_t mask)
{
    uint32_t host_bits = ~mask;

    return mask >> 24 == 0xff && (host_bits & (host_bits + 1)) == 0;
}

/* RFC 3021: a network of two addresses (/31) or one (/32) has neither a network nor a broadcast
 * address. */
static bool is_host(uint32_t address, uint32_t mask)
{
    uint32_t host = address & ~mask;

    return ipv4_is_unicast(address) && (~mask <= 1 || (host != 0 && host != ~mask));
}

bool lease_is_sane(const struct lease *lease)
{
    return is_netmask(lease->netmask) && is_host(lease->address, lease->netmask);
}

static void purge_servers(uint32_t servers[LEASE_SERVERS])
{
    int kept = 0;

    for (int i = 0; i < LEASE_SERVERS; i++)
        if (ipv4_is_unicast(servers[i]))
            servers[kept++] = servers[i];
    while (kept < LEASE_SERVERS)
        servers[kept++] = 0;
}

void lease_purge(struct lease *lease)
{
    bool same_network = ((lease->router ^ lease->address) & lease->netmask) == 0;

    if (!same_network || !is_host(lease->router, lease->netmask) || lease->router == lease->address)
        lease->router = 0;
    purge_servers(lease->dns);
    purge_servers(lease->ntp);
}

/* What the machine would notice; the duration is the client's matter. */
bool lease_equals(const struct lease *one, const struct lease *other)
{
    return one->address == other->address && one->netmask == other->netmask &&
           one->router == other->router && memcmp(one->dns, other->dns, sizeof one->dns) == 0 &&
           memcmp(one->ntp, other->ntp, sizeof one->ntp) == 0;
}

bool ipv4_read(struct span *text, uint32_t *address)
{
    uint32_t part;

    *address = 0;
    for (int i = 0; i < 4; i++) {
        if ((i > 0 && !span_skip(text, ".")) || !span_read_number(text, 255, &part))
            return false;
        *address = *address << 8 | part;
    }
    return true;
}

void ipv4_text(uint32_t address, char text[IPV4_TEXT_SIZE])
{
    snprintf(text, IPV4_TEXT_SIZE, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
}
