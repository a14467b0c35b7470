#include "router.h"

#include <stdlib.h>

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

static inline bool fits(const struct prefix *prefix, struct slice path)
{
    size_t length = prefix->text.length;

    return length <= path.length && memcmp(prefix->text.data, path.data, length) == 0 &&
           (!prefix->segments || length == path.length || path.data[length] == '/');
}

int router_find(const struct router *router, struct slice path)
{
    for (size_t i = 0; i < router->count; i++) {
        const struct prefix *prefix = &router->prefixes[i];
        if (fits(prefix, path))
            return (int)i;
    }
    return ROUTE_NONE;
}

void router_finish(struct router *router)
{
    for (size_t i = 0; i < router->count; i++)
        free((char *)router->prefixes[i].text.data);
    free(router->prefixes);
    memset(router, 0, sizeof(*router));
}
