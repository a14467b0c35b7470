#include "sntp_client.h"

#include <string.h>

/* us: what two good servers may differ in besides their errors. */
enum { TOLERANCE = 100000 };

void sntp_client_begin(struct sntp_client *client, const struct host_address *servers,
                       int count,
                       int64_t earliest, int64_t latest, int64_t known_us,
                       uint32_t (*random)(void), int64_t now_us)
{
    memset(client, 0, sizeof *client);
    client->random = random;
    client->earliest = earliest;
    client->latest = latest;
    client->known_us = known_us;
    client->due_us = now_us;
    client->pause = SNTP_FIRST;
    for (int i = 0; i < count && i < SNTP_SERVERS; i++)
        client->servers[client->count++].address = servers[i];
}

static uint64_t make_nonce(uint32_t (*random)(void))
{
    uint64_t nonce = (uint64_t)random() << 32;

    return (nonce | random()) | 1; /* never 0 */
}

static enum sntp_act ask(struct sntp_client *client, int64_t now_us)
{
    client->asking = true;
    client->slower = false;
    client->sent_us = now_us;
    client->due_us = now_us + SNTP_ROUND * 1000;
    for (int i = 0; i < client->count; i++) {
        client->servers[i].answered = false;
        client->servers[i].nonce = client->servers[i].denied ? 0 : make_nonce(client->random);
    }
    return SNTP_ASK;
}

/* The next round, a tenth earlier or later: devices that were switched on together shall not come
 * together for ever. */
static void rest(struct sntp_client *client, int64_t seconds, int64_t now_us)
{
    int64_t tenth;

    client->pause = client->slower ? SNTP_LONGEST : seconds;
    tenth = client->pause * 100000;
    client->due_us = now_us + client->pause * 1000000 - tenth +
                     (int64_t)(client->random() % (uint32_t)(tenth / 500 + 1)) * 1000;
}

static int64_t distance(int64_t one, int64_t other)
{
    return one < other ? other - one : one - other;
}

static bool agree(const struct sntp_sample *one, const struct sntp_sample *other)
{
    return distance(one->started_us, other->started_us) <=
           one->error_us + other->error_us + TOLERANCE;
}

static int count_agreeing(const struct sntp_client *client, const struct sntp_sample *sample)
{
    int count = 0;

    for (int i = 0; i < client->count; i++)
        count += client->servers[i].answered && agree(&client->servers[i].sample, sample);
    return count;
}

/* The surest of those that most of them agree with; false when there is none. */
static bool choose(struct sntp_client *client)
{
    int answers = 0;
    bool found = false;

    for (int i = 0; i < client->count; i++)
        answers += client->servers[i].answered;
    for (int i = 0; i < client->count; i++) {
        const struct sntp_server *server = &client->servers[i];

        if (!server->answered || count_agreeing(client, &server->sample) * 2 <= answers ||
            (found && client->best.sample.error_us <= server->sample.error_us))
            continue;
        client->best = (struct sntp_best){server->sample, server->address};
        found = true;
    }
    return found;
}

static bool is_far(const struct sntp_client *client)
{
    return client->known_us && distance(client->best.sample.started_us, client->known_us) >
                                   (int64_t)SNTP_JUMP * 1000000;
}

static enum sntp_act judge(struct sntp_client *client, int64_t now_us)
{
    bool settled = client->pause >= SNTP_SETTLED && client->known_us;

    client->asking = false;
    if (!choose(client)) {
        rest(client, client->pause < SNTP_TIRED ? client->pause * 2 : SNTP_TIRED, now_us);
        client->doubts = 0;
        return SNTP_WAIT;
    }
    if (is_far(client) && client->doubts < SNTP_DOUBTS) {
        client->doubts++;
        rest(client, SNTP_FIRST, now_us);
        return SNTP_DOUBT;
    }
    client->doubts = 0;
    client->known_us = client->best.sample.started_us;
    rest(client, settled && client->pause < SNTP_LONGEST ? client->pause * 2
                 : settled                               ? SNTP_LONGEST
                                                         : SNTP_SETTLED,
         now_us);
    return SNTP_TELL;
}

static bool all_have_answered(const struct sntp_client *client)
{
    for (int i = 0; i < client->count; i++)
        if (client->servers[i].nonce)
            return false;
    return true;
}

enum sntp_act sntp_client_due(struct sntp_client *client, int64_t now_us)
{
    if (now_us < client->due_us)
        return SNTP_WAIT;
    return client->asking ? judge(client, now_us) : ask(client, now_us);
}

bool sntp_client_question(const struct sntp_client *client, int number, uint8_t packet[SNTP_SIZE])
{
    const struct sntp_server *server = &client->servers[number];

    if (number >= client->count || server->nonce == 0)
        return false;
    sntp_write(server->nonce, packet);
    return true;
}

static bool is_possible(const struct sntp_client *client, const struct sntp_sample *sample,
                        int64_t now_us)
{
    int64_t seconds = (sample->started_us + now_us) / 1000000;

    return seconds >= client->earliest && seconds <= client->latest;
}

/* One answer ends a question, whatever it is; what is no answer to it changes nothing. */
static void take(struct sntp_client *client, struct sntp_server *server, enum sntp_verdict verdict,
                 int64_t now_us)
{
    if (verdict == SNTP_ALIEN)
        return;
    server->nonce = 0;
    server->answered = verdict == SNTP_GOOD && is_possible(client, &server->sample, now_us);
    server->denied = verdict == SNTP_DENY;
    client->slower = client->slower || verdict == SNTP_RATE;
}

enum sntp_act sntp_client_receive(struct sntp_client *client, const struct host_address *from,
                                  const uint8_t *packet, size_t length, int64_t now_us)
{
    for (int i = 0; i < client->count; i++) {
        struct sntp_server *server = &client->servers[i];

        if (host_address_equals(&server->address, from) && server->nonce)
            take(client, server,
                 sntp_read(packet, length, server->nonce, client->sent_us, now_us,
                           client->earliest, &server->sample),
                 now_us);
    }
    return client->asking && all_have_answered(client) ? judge(client, now_us) : SNTP_WAIT;
}
