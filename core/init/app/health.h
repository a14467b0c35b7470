/* Asks the app over HTTP, or by https, whether it is well: one GET on a connection of its own, without
 * waiting for it in the loop. */
#ifndef FAPWS4_INIT_HEALTH_H
#define FAPWS4_INIT_HEALTH_H

#include "../loop.h"
#include "../span.h"

enum { HEALTH_MORE = -1 };

/* Where to ask. */
struct health_place {
    const char *host; /* an IPv4 or IPv6 address */
    unsigned port;
    bool secure; /* by https */
};

struct health {
    struct loop *loop;
    int fd; /* -1: no question is under way */
    struct timer patience;
    char request[256];
    size_t request_length;
    char answer[64];
    size_t answer_length;
    void (*answered)(void *owner, int status);
    void *owner;
};

void health_init(struct health *health, struct loop *loop, void (*answered)(void *, int),
                 void *owner);

/* Asks for `path` ("*": the server itself, without the app). answered(owner, status) is called once, with 0 when there is no answer of HTTP within
 * POLICY_HEALTH_ANSWER. A question that is under way is forgotten. */
void health_ask(struct health *health, const struct health_place *place, const char *path);

/* Forgets a question that is under way: it is never answered. */
void health_forget(struct health *health);

/* The status of an answer's first bytes, HEALTH_MORE when they are too few, 0 when this is not
 * HTTP. Pure. */
int health_status(struct span answer);

#endif
