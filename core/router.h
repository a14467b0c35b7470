/* Which of the app's PATHS answers a request: the first whose prefix the decoded path starts with,
 * in the order of registration. A prefix is plain text: "/env" also takes "/envelope", "" takes
 * all; only a mounted application asks for whole segments. */
#ifndef FAPWS4_ROUTER_H
#define FAPWS4_ROUTER_H

#include "buffer.h"

enum { ROUTE_NONE = -1 };

struct prefix {
    struct slice text;
    bool segments; /* the path must end behind it, or go on with '/' */
};

struct route_node;

/* Zeroed is a valid router without routes. */
struct router {
    struct prefix *prefixes; /* in the order of registration */
    size_t count;
    struct route_node *nodes; /* the same texts in the order of their bytes; made by router_index */
    size_t node_count;
};

/* Appends a route; `prefix` is copied. False when memory is out. */
bool router_add(struct router *router, struct slice prefix, bool segments);

/* To be called behind the last router_add, before the first router_find. False when memory is out. */
bool router_index(struct router *router);

/* The number of the first matching route, counted from 0, or ROUTE_NONE. The time grows with the
 * logarithm of the number of routes. */
int router_find(const struct router *router, struct slice path);

/* Whether a route has exactly that prefix. */
bool router_names(const struct router *router, struct slice prefix);

/* Frees all routes. */
void router_finish(struct router *router);

#endif
