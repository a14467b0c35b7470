#include "network_servers.h"

/* Those of `from` behind the `count` that are there already; how many there are then. */
static int add_servers(const uint32_t from[LEASE_SERVERS], uint32_t *servers, int count)
{
    for (int i = 0; i < LEASE_SERVERS && from[i]; i++)
        servers[count++] = from[i];
    return count;
}

int network_name_servers(const struct network *network, uint32_t servers[NETWORK_SERVERS])
{
    int told = add_servers(network->settings.dns, servers, 0), count = told;

    for (int i = 0; told == 0 && i < POLICY_INTERFACES; i++)
        count = add_servers(network->interfaces[i].lease.dns, servers, count);
    return count;
}

int network_time_servers(const struct network *network, uint32_t servers[NETWORK_SERVERS])
{
    int told = add_servers(network->settings.ntp, servers, 0), count = told;

    for (int i = 0; told == 0 && i < POLICY_INTERFACES; i++)
        count = add_servers(network->interfaces[i].lease.ntp, servers, count);
    return count;
}
