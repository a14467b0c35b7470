#include "orders.h"

#include <stdio.h>

#include "certificate_orders.h"
#include "../clock/clock_orders.h"
#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "../log/log_orders.h"
#include "../machine.h"
#include "../network/network_orders.h"
#include "reset.h"
#include "status.h"

static const char done[] = "ok\n";

static struct span tell_status(const struct order *order)
{
    static char text[STATUS_SIZE];

    return (struct span){text, status_format(order->owner, text)};
}

static struct span tell_log(const struct order *order)
{
    (void)order;
    return console_log();
}

static struct span tell_failed_log(const struct order *order)
{
    static char text[2 * POLICY_LOG];

    (void)order;
    return file_read(RECORD_FOLDER "/failed", text, sizeof text);
}

/* What ends the process that asks for it waits until its page has gone out. */
static void soon(struct machine *machine, void (*order)(struct machine *))
{
    machine->pages.ordered = order;
    loop_set(&machine->loop, &machine->pages.order, POLICY_ORDER_WAITS);
}

static void restart_now(struct machine *machine)
{
    machine_end(machine, POWER_RESTART);
}

static void power_off_now(struct machine *machine)
{
    machine_end(machine, POWER_OFF);
}

static struct span order_restart(const struct order *order)
{
    say("a restart was ordered");
    soon(order->owner, restart_now);
    return span_of(done);
}

/* Its settings are others now. */
static struct span order_restart_app(const struct order *order)
{
    struct machine *machine = order->owner;

    say("a restart of %s was ordered", machine->config.name);
    app_stop(&machine->app);
    return span_of(done);
}

static struct span order_power_off(const struct order *order)
{
    say("power-off was ordered");
    soon(order->owner, power_off_now);
    return span_of(done);
}

static struct span tell_samples(const struct order *order)
{
    static char text[SAMPLES_TEXT];
    const struct machine *machine = order->owner;

    return (struct span){text, samples_format(&machine->manager.samples, text)};
}

/* The code was right, or this would not have been called. */
static struct span tell_claim_is_right(const struct order *order)
{
    (void)order;
    return span_of(done);
}

/* At the next start, before anything of /data is in use. */
static struct span order_reset(const struct order *order)
{
    static char refused[128];
    struct machine *machine = order->owner;
    const char *why = reset_give(machine, 0);

    if (!why) {
        soon(machine, restart_now);
        return span_of(done);
    }
    snprintf(refused, sizeof refused, "refused %s\n", why);
    return span_of(refused);
}

static struct span order_usb_install(const struct order *order)
{
    struct machine *machine = order->owner;

    return span_of(sticks_agree(&machine->sticks) ? done
                                                  : "refused no stick with an update is there\n");
}

static struct span order_fetch(const struct order *order)
{
    struct machine *machine = order->owner;

    return span_of(fetch_look(&machine->fetch)
                       ? done
                       : "refused there is no registry to look into, or it was just looked into\n");
}

const struct verb orders[] = {
    {"status", VERB_OPEN, tell_status, NULL, NULL},
    {"log", VERB_OPEN, tell_log, NULL, NULL},
    {"log-from", VERB_ROOT, log_orders_tell, NULL, NULL},
    {"log-wait", VERB_ROOT, log_orders_tell, log_orders_due, NULL},
    {"failed-log", VERB_OPEN, tell_failed_log, NULL, NULL},
    {"samples", VERB_ROOT, tell_samples, NULL, NULL},
    {"claim-check", VERB_CHECK, tell_claim_is_right, NULL, NULL},
    {"restart", VERB_CLAIMED, order_restart, NULL, NULL},
    {"restart-app", VERB_ROOT, order_restart_app, NULL, NULL},
    {"power-off", VERB_ROOT, order_power_off, NULL, NULL},
    {"reset", VERB_CLAIMED, order_reset, NULL, NULL},
    {"usb-install", VERB_CLAIMED, order_usb_install, NULL, NULL},
    {"fetch", VERB_CLAIMED, order_fetch, NULL, NULL},
    {"clock", VERB_ROOT, clock_orders_set, NULL, NULL},
    {"timezone", VERB_ROOT, clock_orders_set_zone, NULL, NULL},
    {"certificate", VERB_ROOT, certificate_orders_tell, certificate_orders_due,
     certificate_orders_begin},
    {"network", VERB_ROOT, order_network_try, NULL, NULL},
    {"network-now", VERB_ROOT, order_network_now, NULL, NULL},
    {"network-keep", VERB_ROOT, order_network_keep, NULL, NULL},
    {"network-revert", VERB_ROOT, order_network_revert, NULL, NULL},
    {NULL, VERB_OPEN, NULL, NULL, NULL},
};
