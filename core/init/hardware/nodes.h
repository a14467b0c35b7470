/* The device nodes that the app has asked for (DEVICES), in the /dev that it sees (mounts.h): they
 * come and go there with the hardware, owned by the app, while it runs. Character devices only: no
 * pattern reaches a disk. */
#ifndef FAPWS4_INIT_NODES_H
#define FAPWS4_INIT_NODES_H

#include <sys/types.h>

#include "../policy.h"
#include "../span.h"

enum { NODE_NAME_SIZE = 64 };

struct nodes {
    const char *app;      /* its name, for the log */
    const char *patterns; /* as node_rule.h has them; "" = none */
    struct node {
        char name[NODE_NAME_SIZE]; /* below /dev */
        dev_t device;
    } made[POLICY_NODES];
    int count;
};

void nodes_init(struct nodes *nodes, const char *app, const char *patterns);

/* Makes the nodes of all devices that are there, and takes away those of devices that are gone. */
void nodes_refresh(struct nodes *nodes);

/* To be told of every uevent; an empty one says that some were missed. */
void nodes_happened(struct nodes *nodes, struct span uevent);

#endif
