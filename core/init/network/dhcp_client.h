/* The DHCP client's states (RFC 2131 4.4, figure 5) as pure arithmetic: messages and moments in,
 * intentions out. Sockets are dhcp_process.h's, and the question whether another host has an address
 * is acd.h's. Left out: RELEASE (4.4.4), INIT-REBOOT (3.2): an address held before is asked for in
 * DISCOVER instead. Moments are milliseconds on any clock that never jumps. */
#ifndef FAPWS4_INIT_DHCP_CLIENT_H
#define FAPWS4_INIT_DHCP_CLIENT_H

#include "dhcp.h"

enum dhcp_state {
    DHCP_SELECTING,  /* DISCOVER sent, an OFFER awaited */
    DHCP_REQUESTING, /* REQUEST sent, an ACK awaited */
    DHCP_CHECKING,   /* ACK received; does another host have the address? */
    DHCP_DECLINING,  /* one has: DECLINE sent, and after a pause all begins again */
    DHCP_BOUND,
    DHCP_RENEWING,  /* from T1: our server is asked again */
    DHCP_REBINDING, /* from T2: any server is asked */
};

enum dhcp_act {
    DHCP_WAIT,
    DHCP_BROADCAST, /* send dhcp_client_request to everyone */
    DHCP_UNICAST,   /* send it to client->lease.server */
    DHCP_CHECK,     /* find out about client->lease.address: dhcp_client_use, dhcp_client_decline */
    DHCP_GAINED,    /* client->lease is (still, again) valid: apply it */
    DHCP_LOST,      /* it is not: take the address away; then ask dhcp_client_due again */
};

struct dhcp_client {
    enum dhcp_state state;
    uint8_t mac[DHCP_MAC_SIZE];
    const char *hostname;
    uint32_t (*random)(void);
    uint32_t xid;
    unsigned tries;                         /* messages sent in this state */
    int64_t began_ms;                       /* of this attempt, for the secs field */
    int64_t due_ms;                         /* when dhcp_client_due has something to do */
    int64_t renew_ms, rebind_ms, expire_ms; /* INT64_MAX: never */
    uint32_t remembered;                    /* an address held before, 0 = none */
    struct lease lease;                     /* offered or held */
};

/* Begins, with a first message due at once. `hostname` must outlive the client. */
void dhcp_client_init(struct dhcp_client *client, const uint8_t mac[DHCP_MAC_SIZE],
                      const char *hostname, uint32_t remembered, uint32_t (*random)(void),
                      int64_t now);

/* To be called at client->due_ms. */
enum dhcp_act dhcp_client_due(struct dhcp_client *client, int64_t now);

/* To be called with every UDP payload that came from a server's port. */
enum dhcp_act dhcp_client_receive(struct dhcp_client *client, const uint8_t *packet, size_t length,
                                  int64_t now);

/* Nobody has the address that was to be checked. */
enum dhcp_act dhcp_client_use(struct dhcp_client *client);

/* Another host has it, or uses the one that is held: it must not be used any more. */
enum dhcp_act dhcp_client_decline(struct dhcp_client *client, int64_t now);

/* The message that DHCP_BROADCAST and DHCP_UNICAST mean. */
struct dhcp_request dhcp_client_request(const struct dhcp_client *client, int64_t now);

#endif
