/* Whom this device asks for names and for the time: those that the settings name, else those that
 * came with leases (options 6 and 42 of DHCP). Pure. */
#ifndef FAPWS4_INIT_NETWORK_SERVERS_H
#define FAPWS4_INIT_NETWORK_SERVERS_H

#include "network.h"

enum { NETWORK_SERVERS = POLICY_INTERFACES * LEASE_SERVERS };

/* Each: how many. They may be others after each network.changed(). */
int network_name_servers(const struct network *network,
                         struct host_address servers[NETWORK_SERVERS]);
int network_time_servers(const struct network *network,
                         struct host_address servers[NETWORK_SERVERS]);

#endif
