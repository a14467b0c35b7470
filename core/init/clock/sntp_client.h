/* Whom a device asks for the time, when, and what it believes: rounds, in each of which all servers
 * are asked once. Pure; moments are us on a clock that never jumps.
 *
 * What most of those that have answered agree in is the time. A time that is far from what was known
 * for certain is believed only when four rounds in a row say it: one server's fault for a moment
 * moves nothing. */
#ifndef FAPWS4_INIT_SNTP_CLIENT_H
#define FAPWS4_INIT_SNTP_CLIENT_H

#include "../network/host_address.h"
#include "sntp.h"

enum {
    SNTP_SERVERS = 8,
    SNTP_ROUND = 5000, /* ms: how long answers are waited for */
    /* s. Between two rounds as long as nobody has answered, doubled each time ... */
    SNTP_FIRST = 16,
    SNTP_TIRED = 1024,
    /* ... and when the time is known: a quartz that goes wrong by 50 us a second is then off by half
     * a second at most. */
    SNTP_SETTLED = 1024,
    SNTP_LONGEST = 8192,
    /* s, and rounds: what is further away than that is doubted so often. */
    SNTP_JUMP = 1000,
    SNTP_DOUBTS = 3,
};

enum sntp_act {
    SNTP_WAIT,
    SNTP_ASK,   /* send each server's question: sntp_client_question */
    SNTP_TELL,  /* the time is known: client->best */
    SNTP_DOUBT, /* client->best is far from what was known before, and not believed yet */
};

struct sntp_server {
    struct host_address address;
    uint64_t nonce; /* of the question that is open; 0 = none is */
    bool denied;      /* it does not want to be asked */
    bool answered;    /* in this round */
    struct sntp_sample sample;
};

struct sntp_best {
    struct sntp_sample sample;
    struct host_address server;
};

struct sntp_client {
    struct sntp_server servers[SNTP_SERVERS];
    int count;
    uint32_t (*random)(void);
    int64_t earliest; /* seconds since 1970: before that it cannot be ... */
    int64_t latest;   /* ... nor after that */
    int64_t known_us; /* started_us as it was known before; 0 = it was not */
    bool asking;
    bool slower; /* a server has asked for that in this round */
    int64_t sent_us;
    int64_t due_us; /* when sntp_client_due has something to do */
    int64_t pause;  /* s, between two rounds */
    int doubts;     /* rounds in a row */
    struct sntp_best best;
};

/* Begins, with a first round due at once. At most SNTP_SERVERS of the servers are used. */
void sntp_client_begin(struct sntp_client *client, const struct host_address *servers,
                       int count,
                       int64_t earliest, int64_t latest, int64_t known_us,
                       uint32_t (*random)(void), int64_t now_us);

/* To be called at client->due_us. */
enum sntp_act sntp_client_due(struct sntp_client *client, int64_t now_us);

/* The question for the server of that number; false when it is not asked. */
bool sntp_client_question(const struct sntp_client *client, int number, uint8_t packet[SNTP_SIZE]);

/* To be called with every UDP payload that came from an address, port 123. */
enum sntp_act sntp_client_receive(struct sntp_client *client, const struct host_address *from,
                                  const uint8_t *packet, size_t length, int64_t now_us);

#endif
