/* One name of this device in multicast DNS (RFC 6762), "hello.local": asked for before it is used,
 * answered for afterwards, and left to another device that has it: then it is "hello-2.local". As
 * pure arithmetic: messages and moments in, intentions and messages out. Moments are milliseconds
 * on any clock that never jumps.
 *
 * Kept: probing (8.1), ties (8.2, by the data of the records), announcing (8.3), conflicts (9),
 * goodbyes (10.1), known answers (7.1), answers by unicast when they are wished (5.4), one-shot queries of simple
 * resolvers (6.7). Left out: services (RFC 6763), reverse names, negative answers. */
#ifndef FAPWS4_INIT_MDNS_H
#define FAPWS4_INIT_MDNS_H

#include "dns.h"

enum {
    MDNS_PORT = 5353,
    MDNS_MESSAGE_SIZE = 1024, /* bytes; of what is written here */
    MDNS_ADDRESSES = 4,       /* IPv6 addresses that are told */
    MDNS_LABEL_SIZE = 64,
    MDNS_LAST_NUMBER = 99, /* after hello-99 the name is hello again */
};

/* Of the interface that a message came from, or goes to. */
struct mdns_addresses {
    uint8_t ipv4[4];
    bool has_ipv4;
    uint8_t ipv6[MDNS_ADDRESSES][16];
    int ipv6_count;
};

enum mdns_state { MDNS_PROBING, MDNS_ANNOUNCING, MDNS_HELD };

enum mdns_act {
    MDNS_WAIT,
    MDNS_PROBE,    /* send mdns_write_probe to all, on every interface */
    MDNS_ANNOUNCE, /* send mdns_write_announcement to all, on every interface */
    MDNS_ANSWER,   /* send mdns_write_answer to all on the interface of the query ... */
    MDNS_REPLY,    /* ... or only to who asked */
    MDNS_LEAVE,    /* send mdns_write_goodbye to all, on every interface; then call mdns_leave */
};

/* What a query asks, and how it wants to be answered. */
struct mdns_question {
    uint16_t id;
    bool ipv4, ipv6; /* wanted, and not known to it already */
    bool simple;     /* by a resolver that knows nothing of multicast: id and question come back */
};

struct mdns {
    enum mdns_state state;
    char label[MDNS_LABEL_SIZE]; /* "hello" */
    char name[DNS_NAME_SIZE];    /* "hello.local", or with a number */
    int number;                  /* 1: without */
    bool told;                   /* others may remember it */
    uint32_t (*random)(void);
    int sent;
    int64_t due_ms; /* when mdns_due has something to do; INT64_MAX: never */
    int64_t quiet_until_ms; /* no defence before */
    struct mdns_question question;
};

/* Begins with `label`, cut to what a label may have. */
void mdns_begin(struct mdns *mdns, const char *label, uint32_t (*random)(void), int64_t now);

/* Addresses have come or gone: the name is asked for and announced anew. */
void mdns_again(struct mdns *mdns, int64_t now);

/* Gives the name to another and tries the next. */
void mdns_leave(struct mdns *mdns, int64_t now);

/* To be called at mdns->due_ms. */
enum mdns_act mdns_due(struct mdns *mdns, int64_t now);

/* To be called with every message; `port` is the sender's. Not with one's own. */
enum mdns_act mdns_receive(struct mdns *mdns, const uint8_t *message, size_t length, uint16_t port,
                           const struct mdns_addresses *own, int64_t now);

/* Each: the length of the message; 0 when there is nothing to say. */
size_t mdns_write_probe(const struct mdns *mdns, const struct mdns_addresses *own,
                        uint8_t message[MDNS_MESSAGE_SIZE]);
size_t mdns_write_announcement(const struct mdns *mdns, const struct mdns_addresses *own,
                               uint8_t message[MDNS_MESSAGE_SIZE]);
size_t mdns_write_answer(const struct mdns *mdns, const struct mdns_addresses *own,
                         uint8_t message[MDNS_MESSAGE_SIZE]);

/* The same: the name has these addresses no more. */
size_t mdns_write_goodbye(const struct mdns *mdns, const struct mdns_addresses *gone,
                          uint8_t message[MDNS_MESSAGE_SIZE]);

/* The addresses that are in `before` and not in `now`. */
struct mdns_addresses mdns_gone(const struct mdns_addresses *before,
                                const struct mdns_addresses *now);

#endif
