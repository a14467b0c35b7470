#include "resolver.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../duty.h"
#include "../file.h"
#include "../policy.h"

void resolver_write(const struct host_address *servers, int count)
{
    char text[POLICY_INTERFACES * LEASE_SERVERS * (INET6_TEXT_SIZE + 16)] = "";
    char address[INET6_TEXT_SIZE];
    size_t used = 0;

    for (int i = 0; i < count && i < POLICY_INTERFACES * LEASE_SERVERS; i++) {
        host_address_text(&servers[i], address);
        used += (size_t)snprintf(text + used, sizeof text - used, "nameserver %s\n", address);
    }
    try_to("write /run/resolv.conf", file_replace("/run/resolv.conf", text));
}

void resolver_open(void)
{
    resolver_write(NULL, 0);
    if (symlink("/run/resolv.conf", "/etc/resolv.conf") != 0 && errno != EEXIST)
        try_to("point /etc/resolv.conf to /run", errno);
}
