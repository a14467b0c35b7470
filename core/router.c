#include "router.h"

#include <stdlib.h>

bool router_add(struct router *router, struct slice prefix)
{
    struct slice *grown = realloc(router->prefixes, (router->count + 1) * sizeof(*grown));
    char *copy;

    if (grown == NULL)
        return false;
    router->prefixes = grown;
    copy = malloc(prefix.length + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, prefix.data, prefix.length);
    copy[prefix.length] = '\0';
    grown[router->count++] = (struct slice){copy, prefix.length};
    return true;
}

int router_find(const struct router *router, struct slice path)
{
    for (size_t i = 0; i < router->count; i++) {
        struct slice prefix = router->prefixes[i];
        if (prefix.length <= path.length && memcmp(prefix.data, path.data, prefix.length) == 0)
            return (int)i;
    }
    return ROUTE_NONE;
}

void router_finish(struct router *router)
{
    for (size_t i = 0; i < router->count; i++)
        free((char *)router->prefixes[i].data);
    free(router->prefixes);
    memset(router, 0, sizeof(*router));
}
