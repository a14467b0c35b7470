#include "link_local.h"

#include <string.h>

#include "../crc32.h"

/* ms, and numbers of messages: RFC 3927, section 9. */
enum {
    PROBE_WAIT = 1000,
    PROBES = 3,
    PROBE_SOONEST = 1000,
    PROBE_LATEST = 2000,
    ANNOUNCE_WAIT = 2000,
    ANNOUNCEMENTS = 2,
    ANNOUNCE_EVERY = 2000,
    CONFLICTS = 10,
    SLOW_DOWN = 60000,
    DEFEND_EVERY = 10000,
};

#define FIRST_ADDRESS 0xa9fe0100u /* 169.254.1.0; the 256 at both ends are reserved */
#define ADDRESSES (254u * 256)

static int64_t between(const struct link_local *local, int64_t soonest, int64_t latest)
{
    return soonest + local->random() % (uint32_t)(latest - soonest + 1);
}

static void probe(struct link_local *local, int64_t now)
{
    struct {
        uint8_t mac[ARP_MAC_SIZE];
        uint8_t conflicts;
    } seed;
    int64_t wait = between(local, 0, PROBE_WAIT);

    memcpy(seed.mac, local->mac, sizeof seed.mac);
    seed.conflicts = (uint8_t)local->conflicts;
    local->address = FIRST_ADDRESS + crc32_of(&seed, sizeof seed) % ADDRESSES;
    local->state = LINK_LOCAL_PROBING;
    local->sent = 0;
    local->due_ms = now + wait + (local->conflicts >= CONFLICTS ? SLOW_DOWN : 0);
}

void link_local_begin(struct link_local *local, const uint8_t mac[ARP_MAC_SIZE],
                      uint32_t (*random)(void), int64_t now)
{
    memset(local, 0, sizeof *local);
    memcpy(local->mac, mac, ARP_MAC_SIZE);
    local->random = random;
    probe(local, now);
}

void link_local_end(struct link_local *local)
{
    local->state = LINK_LOCAL_OFF;
    local->due_ms = INT64_MAX;
}

static enum link_local_act send_probe(struct link_local *local, int64_t now)
{
    local->sent++;
    local->due_ms =
        now + (local->sent < PROBES ? between(local, PROBE_SOONEST, PROBE_LATEST) : ANNOUNCE_WAIT);
    return LINK_LOCAL_SEND;
}

static enum link_local_act announce(struct link_local *local, int64_t now)
{
    bool first = local->state != LINK_LOCAL_HELD;

    local->sent = first ? 1 : local->sent + 1;
    local->state = LINK_LOCAL_HELD;
    local->due_ms = local->sent < ANNOUNCEMENTS ? now + ANNOUNCE_EVERY : INT64_MAX;
    return first ? LINK_LOCAL_GAINED : LINK_LOCAL_SEND;
}

enum link_local_act link_local_due(struct link_local *local, int64_t now)
{
    if (local->state == LINK_LOCAL_OFF || now < local->due_ms)
        return LINK_LOCAL_WAIT;
    if (local->state == LINK_LOCAL_PROBING && local->sent < PROBES)
        return send_probe(local, now);
    return announce(local, now);
}

enum link_local_act link_local_receive(struct link_local *local, const struct arp *heard,
                                       int64_t now)
{
    bool held = local->state == LINK_LOCAL_HELD;

    if (local->state == LINK_LOCAL_OFF ||
        !arp_contests(heard, local->mac, local->address, local->state == LINK_LOCAL_PROBING))
        return LINK_LOCAL_WAIT;
    /* Section 2.5: one mistake of the other is answered, one who goes on is given way. */
    if (held && (local->defended_ms == 0 || now - local->defended_ms >= DEFEND_EVERY)) {
        local->defended_ms = now;
        return LINK_LOCAL_SEND;
    }
    local->conflicts++;
    local->defended_ms = 0;
    probe(local, now);
    return held ? LINK_LOCAL_LOST : LINK_LOCAL_WAIT;
}

struct arp link_local_message(const struct link_local *local)
{
    struct arp message = {.asks = true, .target_address = local->address};

    memcpy(message.sender, local->mac, ARP_MAC_SIZE);
    message.sender_address = local->state == LINK_LOCAL_HELD ? local->address : 0;
    return message;
}

bool link_local_is(uint32_t address)
{
    return address >> 16 == FIRST_ADDRESS >> 16;
}
