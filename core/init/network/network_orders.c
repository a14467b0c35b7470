#include "network_orders.h"

#include <stdio.h>

#include "../machine.h"

static struct network_change *change_of(const struct order *order)
{
    struct machine *machine = order->owner;

    return &machine->network_change;
}

/* NULL is no fault. */
static struct span answer(const char *fault)
{
    static char text[sizeof "refused \n" + NETWORK_FAULT];

    if (!fault)
        return span_of("ok\n");
    snprintf(text, sizeof text, "refused %s\n", fault);
    return span_of(text);
}

struct span order_network_try(const struct order *order)
{
    static char text[32];
    const char *fault = network_change_try(change_of(order), order->words);

    if (fault)
        return answer(fault);
    snprintf(text, sizeof text, "ok %d\n", POLICY_NETWORK_TRIAL / 1000);
    return span_of(text);
}

/* Something was written to /data: the time may as well be. */
static struct span answer_kept(const struct order *order, const char *fault)
{
    struct machine *machine = order->owner;

    if (!fault)
        clock_save(&machine->clock);
    return answer(fault);
}

struct span order_network_now(const struct order *order)
{
    return answer_kept(order, network_change_now(change_of(order), order->words));
}

struct span order_network_keep(const struct order *order)
{
    return answer_kept(order, network_change_keep(change_of(order)));
}

struct span order_network_revert(const struct order *order)
{
    return answer(network_change_revert(change_of(order)));
}
