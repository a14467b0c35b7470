#include "orders.h"

#include <unistd.h>

#include "blank.h"
#include "console.h"
#include "duty.h"
#include "file.h"
#include "machine.h"
#include "reset_order.h"
#include "status.h"

static const char done[] = "ok\n";

static struct span tell_status(void *owner)
{
    static char text[STATUS_SIZE];

    return (struct span){text, status_format(owner, text)};
}

static struct span tell_log(void *owner)
{
    (void)owner;
    return console_log();
}

static struct span tell_failed_log(void *owner)
{
    static char text[2 * POLICY_LOG];

    (void)owner;
    return file_read(RECORD_FOLDER "/failed", text, sizeof text);
}

/* What ends the recovery process waits until its page has gone out. */
static void soon(struct machine *machine, void (*order)(struct machine *))
{
    machine->pages.ordered = order;
    loop_set(&machine->loop, &machine->pages.order, POLICY_ORDER_WAITS);
}

static void restart_now(struct machine *machine)
{
    machine_end(machine, POWER_RESTART);
}

static struct span order_restart(void *owner)
{
    say("a restart was ordered on the recovery pages");
    soon(owner, restart_now);
    return span_of(done);
}

/* At the next start, before anything of /data is in use. */
static struct span order_reset(void *owner)
{
    struct machine *machine = owner;
    char state[DISK_PATH];

    if (machine->slot.on_trial)
        return span_of("refused a new version is on trial; wait for its end\n");
    if (!storage_state_device(&machine->storage, state) || access(BLANK_PATH, F_OK) != 0)
        return span_of("refused this device has no data partition\n");
    if (!try_to("order the reset", reset_order_give(state)))
        return span_of("refused the order cannot be written; see the log\n");
    say("a factory reset was ordered on the recovery pages");
    soon(machine, restart_now);
    return span_of(done);
}

static struct span order_usb_install(void *owner)
{
    struct machine *machine = owner;

    return span_of(sticks_agree(&machine->sticks) ? done
                                                  : "refused no stick with an update is there\n");
}

static struct span order_fetch(void *owner)
{
    struct machine *machine = owner;

    return span_of(fetch_look(&machine->fetch)
                       ? done
                       : "refused there is no registry to look into, or it was just looked into\n");
}

const struct verb orders[] = {
    {"status", false, tell_status},
    {"log", false, tell_log},
    {"failed-log", false, tell_failed_log},
    {"restart", true, order_restart},
    {"reset", true, order_reset},
    {"usb-install", true, order_usb_install},
    {"fetch", true, order_fetch},
    {NULL, false, NULL},
};
