#include "dhcp_client.h"

#include <string.h>

enum {
    /* ms; RFC 2131 4.1 says 4 s "for example"; a switch port often is deaf for a moment only */
    FIRST_WAIT = 1000,
    LONGEST_WAIT = 64000,  /* ms; RFC 2131 4.1 */
    REQUESTS = 4,          /* sent before we look for another server */
    LEAST_RENEWAL = 60000, /* ms between renewals, RFC 2131 4.4.5 */
    AFTER_NAK = 3000,      /* ms; a server that refuses for ever must not be asked in a circle */
    AFTER_DECLINE = 10000, /* ms; RFC 2131 3.1 5 */
    SHORTEST_LEASE = 10,   /* s; a shorter one would keep network and log busy with us alone */
};

/* ms, doubling with each try, a quarter more or less so that machines that woke together spread
 * out. */
static int64_t patience(const struct dhcp_client *client)
{
    int64_t wait = (int64_t)FIRST_WAIT << (client->tries < 7 ? client->tries : 7);

    wait = wait > LONGEST_WAIT ? LONGEST_WAIT : wait;
    return wait - wait / 4 + client->random() % (wait / 2 + 1);
}

static void begin(struct dhcp_client *client, int64_t now, int64_t delay)
{
    client->state = DHCP_SELECTING;
    client->xid = client->random();
    client->tries = 0;
    client->began_ms = now + delay;
    client->due_ms = now + delay;
    memset(&client->lease, 0, sizeof client->lease);
}

void dhcp_client_init(struct dhcp_client *client, const uint8_t mac[DHCP_MAC_SIZE],
                      const char *hostname, uint32_t remembered, uint32_t (*random)(void),
                      int64_t now)
{
    memset(client, 0, sizeof *client);
    memcpy(client->mac, mac, DHCP_MAC_SIZE);
    client->hostname = hostname;
    client->random = random;
    client->remembered = remembered;
    begin(client, now, 0);
}

static enum dhcp_act ask(struct dhcp_client *client, int64_t now, enum dhcp_act act)
{
    client->due_ms = now + patience(client);
    client->tries++;
    return act;
}

/* RFC 2131 4.4.5: again after half of what is left until `end`, not sooner than a minute, not
 * later than `end`. */
static enum dhcp_act ask_until(struct dhcp_client *client, int64_t now, int64_t end,
                               enum dhcp_act act)
{
    int64_t wait = (end - now) / 2;

    wait = wait < LEAST_RENEWAL ? LEAST_RENEWAL : wait;
    client->due_ms = end - now < wait ? end : now + wait;
    return act;
}

static void enter_renewal(struct dhcp_client *client, int64_t now)
{
    client->state = DHCP_RENEWING;
    client->xid = client->random();
    client->began_ms = now;
}

enum dhcp_act dhcp_client_due(struct dhcp_client *client, int64_t now)
{
    if (now < client->due_ms)
        return DHCP_WAIT;
    if (client->state >= DHCP_BOUND && now >= client->expire_ms) {
        begin(client, now, 0);
        return DHCP_LOST;
    }
    if (client->state == DHCP_BOUND)
        enter_renewal(client, now);
    if (client->state == DHCP_RENEWING && now >= client->rebind_ms)
        client->state = DHCP_REBINDING;
    if (client->state == DHCP_DECLINING ||
        (client->state == DHCP_REQUESTING && client->tries >= REQUESTS))
        begin(client, now, 0);
    switch (client->state) {
    case DHCP_RENEWING: return ask_until(client, now, client->rebind_ms, DHCP_UNICAST);
    case DHCP_REBINDING: return ask_until(client, now, client->expire_ms, DHCP_BROADCAST);
    default: return ask(client, now, DHCP_BROADCAST);
    }
}

static enum dhcp_act accept_offer(struct dhcp_client *client, const struct dhcp_reply *reply,
                                  int64_t now)
{
    if (!lease_is_sane(&reply->lease) || reply->lease.server == 0)
        return DHCP_WAIT;
    client->lease = reply->lease;
    client->state = DHCP_REQUESTING;
    client->tries = 0;
    return ask(client, now, DHCP_BROADCAST);
}

static void set_moments(struct dhcp_client *client, const struct dhcp_reply *reply, int64_t now)
{
    int64_t whole = client->lease.seconds;
    int64_t rebind = reply->rebind_seconds, renew = reply->renew_seconds;

    if (rebind == 0 || rebind >= whole)
        rebind = whole * 7 / 8;
    if (renew == 0 || renew >= rebind)
        renew = rebind * 4 / 7;
    client->renew_ms = now + renew * 1000;
    client->rebind_ms = now + rebind * 1000;
    client->expire_ms = now + whole * 1000;
    if (reply->lease.seconds == UINT32_MAX)
        client->renew_ms = client->rebind_ms = client->expire_ms = INT64_MAX;
}

/* An address that is held is watched all the time; any other is looked at before it is used. */
static enum dhcp_act accept_ack(struct dhcp_client *client, const struct dhcp_reply *reply,
                                int64_t now)
{
    bool held = client->state > DHCP_BOUND && reply->lease.address == client->lease.address;

    if (!lease_is_sane(&reply->lease) || reply->lease.seconds == 0)
        return DHCP_WAIT;
    client->lease = reply->lease;
    if (client->lease.seconds < SHORTEST_LEASE)
        client->lease.seconds = SHORTEST_LEASE;
    set_moments(client, reply, now);
    if (held)
        return dhcp_client_use(client);
    client->state = DHCP_CHECKING;
    client->due_ms = INT64_MAX;
    return DHCP_CHECK;
}

enum dhcp_act dhcp_client_use(struct dhcp_client *client)
{
    client->remembered = client->lease.address;
    client->state = DHCP_BOUND;
    client->due_ms = client->renew_ms;
    return DHCP_GAINED;
}

enum dhcp_act dhcp_client_decline(struct dhcp_client *client, int64_t now)
{
    client->remembered = 0;
    client->state = DHCP_DECLINING;
    client->xid = client->random();
    client->due_ms = now + AFTER_DECLINE;
    return DHCP_BROADCAST;
}

static enum dhcp_act accept_nak(struct dhcp_client *client, int64_t now)
{
    bool held = client->state > DHCP_BOUND;

    client->remembered = 0;
    begin(client, now, AFTER_NAK);
    return held ? DHCP_LOST : DHCP_WAIT;
}

/* While we deal with one server, others do not count. */
static bool is_from_our_server(const struct dhcp_client *client, const struct dhcp_reply *reply)
{
    return client->state == DHCP_REBINDING || reply->lease.server == client->lease.server;
}

enum dhcp_act dhcp_client_receive(struct dhcp_client *client, const uint8_t *packet, size_t length,
                                  int64_t now)
{
    struct dhcp_reply reply;
    enum dhcp_kind kind = dhcp_read(packet, length, client->xid, client->mac, &reply);

    if (client->state == DHCP_SELECTING)
        return kind == DHCP_OFFER ? accept_offer(client, &reply, now) : DHCP_WAIT;
    if (client->state == DHCP_CHECKING || client->state == DHCP_DECLINING ||
        client->state == DHCP_BOUND || !is_from_our_server(client, &reply))
        return DHCP_WAIT;
    if (kind == DHCP_ACK)
        return accept_ack(client, &reply, now);
    return kind == DHCP_NAK ? accept_nak(client, now) : DHCP_WAIT;
}

/* Which fields a message carries in which state: RFC 2131 4.3.6, table 4, and table 5. */
struct dhcp_request dhcp_client_request(const struct dhcp_client *client, int64_t now)
{
    struct dhcp_request request = {
        .kind = DHCP_REQUEST, .xid = client->xid, .hostname = client->hostname};
    int64_t seconds = (now - client->began_ms) / 1000;

    memcpy(request.mac, client->mac, DHCP_MAC_SIZE);
    request.seconds = (uint16_t)(seconds > UINT16_MAX ? UINT16_MAX : seconds);
    if (client->state == DHCP_SELECTING) {
        request.kind = DHCP_DISCOVER;
        request.wanted_address = client->remembered;
    } else if (client->state == DHCP_DECLINING) {
        request.kind = DHCP_DECLINE;
        request.seconds = 0;
        request.wanted_address = client->lease.address;
        request.server = client->lease.server;
    } else if (client->state == DHCP_REQUESTING) {
        request.wanted_address = client->lease.address;
        request.server = client->lease.server;
    } else {
        request.current_address = client->lease.address;
    }
    return request;
}
