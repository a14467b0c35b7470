#include "connections.h"

#include "wire_tls.h"

#include <stdlib.h>

static void take_off(struct connection *c)
{
    struct connections *all = (struct connections *)c->shared;

    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        all->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    all->count--;
}

static void put_on(struct connections *all, struct connection *c)
{
    c->next = all->first;
    if (c->next != NULL)
        c->next->previous = c;
    all->first = c;
    all->count++;
}

int connections_accept(struct connections *all, uv_stream_t *listener)
{
    struct connection *c = calloc(1, sizeof(*c));
    int status;

    if (c == NULL)
        return UV_ENOMEM;
    status = connection_init(c, listener);
    if (status != 0) {
        free(c);
        return status;
    }
    c->shared = &all->shared;
    all->shared.on_closed = take_off;
    put_on(all, c);
    status = connection_start(c, listener);
    if (status != 0)
        connection_close(c);
    return status;
}

/* Closing takes a connection off the list only later, in take_off: the loops below may do it. */

void connections_tick(struct connections *all)
{
    all->shared.seconds++;
    all->shared.exchange.files.seconds = all->shared.seconds;
    banner_update(&all->shared.exchange.banner, time(NULL));
    if (all->shared.tls != NULL)
        wire_tls_tick(all->shared.tls);
    for (struct connection *c = all->first; c != NULL; c = c->next)
        connection_end_overdue(c);
}

void connections_stop(struct connections *all)
{
    all->shared.exchange.stopping = true;
}

void connections_end_idle(struct connections *all)
{
    for (struct connection *c = all->first; c != NULL; c = c->next)
        connection_end_idle(c);
}

void connections_close(struct connections *all)
{
    for (struct connection *c = all->first; c != NULL; c = c->next)
        connection_close(c);
}
