#include "host_address.h"

#include <string.h>

enum { AT_IPV4 = 12 };

static const uint8_t mapped[AT_IPV4] = {[10] = 0xff, [11] = 0xff};

struct host_address host_address_of(uint32_t ipv4)
{
    struct host_address address = {{0}};

    if (ipv4 == 0)
        return address;
    memcpy(address.bytes, mapped, sizeof mapped);
    for (int i = 0; i < 4; i++)
        address.bytes[AT_IPV4 + i] = (uint8_t)(ipv4 >> (24 - 8 * i));
    return address;
}

bool host_address_read(struct span text, struct host_address *address)
{
    struct span rest = text;
    uint32_t ipv4;

    if (ipv4_read(&rest, &ipv4) && rest.length == 0) {
        *address = host_address_of(ipv4);
        return ipv4_is_unicast(ipv4);
    }
    return inet6_read(text, address->bytes) && inet6_is_host(address->bytes) &&
           !inet6_is_link_local(address->bytes);
}

int host_address_read_list(struct span text, struct host_address *addresses, int most)
{
    int count = 0;

    do {
        struct span one = {text.start, 0};

        while (one.length < text.length && !strchr(", ", one.start[one.length]))
            one.length++;
        if (count == most || !host_address_read(one, &addresses[count++]))
            return -1;
        text = (struct span){text.start + one.length, text.length - one.length};
    } while (span_skip(&text, ",") || span_skip(&text, " "));
    return count;
}

void host_address_text(const struct host_address *address, char text[INET6_TEXT_SIZE])
{
    const uint8_t *at = address->bytes + AT_IPV4;

    if (memcmp(address->bytes, mapped, sizeof mapped) == 0)
        ipv4_text((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3], text);
    else
        inet6_text(address->bytes, text);
}

bool host_address_is_none(const struct host_address *address)
{
    return inet6_is_none(address->bytes);
}

bool host_address_equals(const struct host_address *one, const struct host_address *other)
{
    return memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}
