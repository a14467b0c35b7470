/* The address of a host that is asked for something, of either kind. Pure. */
#ifndef FAPWS4_INIT_HOST_ADDRESS_H
#define FAPWS4_INIT_HOST_ADDRESS_H

#include "inet6.h"
#include "lease.h"

/* As IPv6; one of IPv4 stands in it as the sockets interface has it, ::ffff:10.0.2.3 (RFC 4291,
 * section 2.5.5.2). Zeroed: none. */
struct host_address {
    uint8_t bytes[INET6_SIZE];
};

/* 0 becomes none. */
struct host_address host_address_of(uint32_t ipv4);

/* The whole of `text`. False unless a host far away can have it: none of one link (fe80::), since an
 * address alone does not say which link. */
bool host_address_read(struct span text, struct host_address *address);

/* At most `most` of them, with commas or blanks between. How many, -1 when something else is there. */
int host_address_read_list(struct span text, struct host_address *addresses, int most);

/* Each kind as people write it. */
void host_address_text(const struct host_address *address, char text[INET6_TEXT_SIZE]);

bool host_address_is_none(const struct host_address *address);

bool host_address_equals(const struct host_address *one, const struct host_address *other);

#endif
