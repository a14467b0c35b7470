#include "network_servers.h"

static int copy_told(const struct host_address told[LEASE_SERVERS], struct host_address *servers)
{
    int count = 0;

    for (; count < LEASE_SERVERS && !host_address_is_none(&told[count]); count++)
        servers[count] = told[count];
    return count;
}

/* Those of a lease behind the `count` that are there already; how many there are then. */
static int add_lent(const uint32_t lent[LEASE_SERVERS], struct host_address *servers, int count)
{
    for (int i = 0; i < LEASE_SERVERS && lent[i]; i++)
        servers[count++] = host_address_of(lent[i]);
    return count;
}

int network_name_servers(const struct network *network,
                         struct host_address servers[NETWORK_SERVERS])
{
    int told = copy_told(network->settings.dns, servers), count = told;

    for (int i = 0; told == 0 && i < POLICY_INTERFACES; i++)
        count = add_lent(network->interfaces[i].lease.dns, servers, count);
    return count;
}

int network_time_servers(const struct network *network,
                         struct host_address servers[NETWORK_SERVERS])
{
    int told = copy_told(network->settings.ntp, servers), count = told;

    for (int i = 0; told == 0 && i < POLICY_INTERFACES; i++)
        count = add_lent(network->interfaces[i].lease.ntp, servers, count);
    return count;
}
