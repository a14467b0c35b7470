#include "router.h"

#include <limits.h>
#include <stdlib.h>

enum { NEVER = INT_MAX }; /* behind every route */

/* One text. All texts that a path starts with lie on one line of parents: whether those above a text
 * fit a path is known without the path, because what follows them stands in the text itself. */
struct route_node {
    struct slice text;
    int plain;    /* the first route of this text that takes any path behind it */
    int segments; /* the first one that asks for whole segments */
    int above;    /* the first route of all parents that fit this text */
    unsigned parent; /* the longest other text that this one starts with; of the first: itself */
    unsigned jump;   /* a parent further up: the way to any of them is logarithmic */
    unsigned depth;  /* the number of parents */
};

bool router_add(struct router *router, struct slice prefix, bool segments)
{
    struct prefix *grown = realloc(router->prefixes, (router->count + 1) * sizeof(*grown));
    char *copy;

    if (grown == NULL)
        return false;
    router->prefixes = grown;
    copy = malloc(prefix.length + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, prefix.data, prefix.length);
    copy[prefix.length] = '\0';
    grown[router->count++] = (struct prefix){{copy, prefix.length}, segments};
    return true;
}

/* ---- the index ---- */

static int compare(struct slice a, struct slice b)
{
    int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_nodes(const void *a, const void *b)
{
    return compare(((const struct route_node *)a)->text, ((const struct route_node *)b)->text);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool starts_with(struct slice text, struct slice start)
{
    return start.length <= text.length && memcmp(text.data, start.data, start.length) == 0;
}

/* The first route of a node and its parents, for a path that starts with the node's text. */
static int first_route(const struct route_node *node, struct slice path)
{
    int route = least(node->above, node->plain);
    size_t length = node->text.length;

    if (path.length == length || path.data[length] == '/')
        route = least(route, node->segments);
    return route;
}

/* Links a node with its parent; `before` is the node before it in the order of the texts. */
static void link_node(struct route_node *nodes, unsigned at, unsigned before)
{
    struct route_node *node = &nodes[at];
    const struct route_node *parent, *jump;

    while (!starts_with(node->text, nodes[before].text))
        before = nodes[before].parent;
    parent = &nodes[before];
    jump = &nodes[parent->jump];
    node->parent = before;
    node->depth = parent->depth + 1;
    node->above = first_route(parent, node->text);
    if (parent->depth - jump->depth == jump->depth - nodes[jump->jump].depth)
        node->jump = jump->jump; /* the jumps of a line are as long as powers of two */
    else
        node->jump = before;
}

/* Makes one node of all that have the same text; they are sorted. The number of those left. */
static size_t merge(struct route_node *nodes, size_t count)
{
    size_t last = 0;

    for (size_t i = 1; i < count; i++) {
        if (compare(nodes[last].text, nodes[i].text) != 0) {
            nodes[++last] = nodes[i];
            continue;
        }
        nodes[last].plain = least(nodes[last].plain, nodes[i].plain);
        nodes[last].segments = least(nodes[last].segments, nodes[i].segments);
    }
    return last + 1;
}

bool router_index(struct router *router)
{
    struct route_node *nodes = calloc(router->count + 1, sizeof(*nodes));

    if (nodes == NULL)
        return false;
    nodes[router->count] = (struct route_node){SLICE(""), NEVER, NEVER, NEVER, 0, 0, 0};
    for (size_t i = 0; i < router->count; i++) {
        const struct prefix *prefix = &router->prefixes[i];
        nodes[i] = (struct route_node){prefix->text, prefix->segments ? NEVER : (int)i,
                                       prefix->segments ? (int)i : NEVER, NEVER, 0, 0, 0};
    }
    qsort(nodes, router->count + 1, sizeof(*nodes), compare_nodes);
    free(router->nodes);
    router->nodes = nodes;
    router->node_count = merge(nodes, router->count + 1);
    for (size_t i = 1; i < router->node_count; i++)
        link_node(nodes, (unsigned)i, (unsigned)i - 1);
    return true;
}

/* ---- the search ---- */

/* The last node that does not stand behind the path in the order of texts: every text that the path
 * starts with is on its line. */
static const struct route_node *last_before(const struct router *router, struct slice path)
{
    size_t low = 0, high = router->node_count; /* the first node is "": it never stands behind */

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (compare(router->nodes[middle].text, path) <= 0)
            low = middle;
        else
            high = middle;
    }
    return &router->nodes[low];
}

int router_find(const struct router *router, struct slice path)
{
    const struct route_node *node;
    size_t common = 0;
    int route;

    if (router->node_count == 0)
        return ROUTE_NONE;
    node = last_before(router, path);
    while (common < node->text.length && common < path.length &&
           node->text.data[common] == path.data[common])
        common++;
    while (node->text.length > common) {
        const struct route_node *jump = &router->nodes[node->jump];
        node = jump->text.length > common ? jump : &router->nodes[node->parent];
    }
    route = first_route(node, path);
    return route != NEVER ? route : ROUTE_NONE;
}

bool router_names(const struct router *router, struct slice prefix)
{
    for (size_t i = 0; i < router->count; i++)
        if (slice_equals(router->prefixes[i].text, prefix))
            return true;
    return false;
}

void router_finish(struct router *router)
{
    for (size_t i = 0; i < router->count; i++)
        free((char *)router->prefixes[i].text.data);
    free(router->prefixes);
    free(router->nodes);
    memset(router, 0, sizeof(*router));
}
