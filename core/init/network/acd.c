#include "acd.h"

#include <string.h>

/* ms, and numbers of messages. */
enum {
    PROBES = 3,
    PROBE_EVERY = 300,
    ANNOUNCE_WAIT = 400,
    ANNOUNCEMENTS = 2, /* RFC 5227, section 1.1, as the two below */
    ANNOUNCE_EVERY = 2000,
    DEFEND_EVERY = 10000,
    ASK_AGAIN = 50000, /* and up to so much more: */
    ASK_SPREAD = 20000,
};

static void probe(struct acd *acd, int64_t due)
{
    acd->state = ACD_PROBING;
    acd->sent = 0;
    acd->due_ms = due;
}

void acd_begin(struct acd *acd, const uint8_t mac[ARP_MAC_SIZE], uint32_t address, bool yields,
               uint32_t (*random)(void), int64_t now)
{
    memset(acd, 0, sizeof *acd);
    acd->yields = yields;
    memcpy(acd->mac, mac, ARP_MAC_SIZE);
    acd->address = address;
    acd->random = random;
    probe(acd, now);
}

void acd_end(struct acd *acd)
{
    memset(acd, 0, sizeof *acd);
    acd->due_ms = INT64_MAX;
}

/* Whose it is, is still to be read. */
static enum acd_act give_up(struct acd *acd, enum acd_act act)
{
    acd->state = ACD_OFF;
    acd->due_ms = INT64_MAX;
    return act;
}

static enum acd_act announce(struct acd *acd, int64_t now)
{
    bool first = acd->state != ACD_HELD;

    acd->sent = first ? 1 : acd->sent + 1;
    acd->state = ACD_HELD;
    acd->due_ms = acd->sent < ANNOUNCEMENTS ? now + ANNOUNCE_EVERY : INT64_MAX;
    return first ? ACD_GAINED : ACD_SEND;
}

enum acd_act acd_due(struct acd *acd, int64_t now)
{
    if (acd->state == ACD_OFF || now < acd->due_ms)
        return ACD_WAIT;
    if (acd->state == ACD_HELD || acd->sent == PROBES)
        return announce(acd, now);
    acd->sent++;
    acd->due_ms = now + (acd->sent < PROBES ? PROBE_EVERY : ANNOUNCE_WAIT);
    return ACD_SEND;
}

enum acd_act acd_receive(struct acd *acd, const struct arp *heard, int64_t now)
{
    bool probing = acd->state == ACD_PROBING;

    if (acd->state == ACD_OFF || !arp_contests(heard, acd->mac, acd->address, probing))
        return ACD_WAIT;
    memcpy(acd->rival, heard->sender, ARP_MAC_SIZE);
    if (probing && acd->sent == 0) /* refused a moment ago */
        return ACD_WAIT;
    if (probing && acd->yields)
        return give_up(acd, ACD_REFUSED);
    if (probing) {
        probe(acd, now + ASK_AGAIN + acd->random() % ASK_SPREAD);
        return ACD_REFUSED;
    }
    if (now < acd->quiet_until_ms)
        return acd->yields ? give_up(acd, ACD_LOST) : ACD_WAIT;
    acd->quiet_until_ms = now + DEFEND_EVERY;
    return ACD_DEFENDED;
}

struct arp acd_message(const struct acd *acd)
{
    struct arp message = {.asks = true, .target_address = acd->address};

    memcpy(message.sender, acd->mac, ARP_MAC_SIZE);
    message.sender_address = acd->state == ACD_HELD ? acd->address : 0;
    return message;
}
