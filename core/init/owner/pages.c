#include "pages.h"

#include <errno.h>
#include <unistd.h>

#include "../../tls.h"
#include "../log/console.h"
#include "../duty.h"
#include "../machine.h"
#include "orders.h"

static void for_each_address(struct machine *machine, void (*act)(struct machine *, const char *))
{
    char address[IPV4_TEXT_SIZE];

    for (int i = 0; i < POLICY_INTERFACES; i++) {
        ipv4_text(machine->network.interfaces[i].lease.address, address);
        if (machine->network.interfaces[i].lease.address)
            act(machine, address);
    }
}

static void listen_now(struct machine *machine)
{
    struct recovery *recovery = &machine->pages.recovery;

    try_to("listen for who asks for the recovery pages",
           recovery_open(recovery, &machine->loop, recovery->secure,
                         machine->pages.output.ends[1]));
    welcome_changed(machine);
    recovery->names = machine->pages.certificate.names;
}

static void certificate_changed(void *owner)
{
    struct machine *machine = owner;
    struct pages *pages = &machine->pages;

    app_certify(&machine->app, pages->certificate.both, pages->certificate.names);
    recovery_renew(&pages->recovery);
    welcome_changed(machine);
    if (pages->recovery.secure && pages->open && pages->recovery.process.listener < 0)
        listen_now(machine);
}

static void certify(struct machine *machine, const char *address)
{
    certificate_need(&machine->pages.certificate, address);
}

static void order_fired(void *owner)
{
    struct machine *machine = owner;

    machine->pages.ordered(machine);
}

/* An image with keys can be changed from outside, and for that its pages speak TLS. */
static bool speaks_tls(void)
{
    char fault[TLS_FAULT];

    if (access("/etc/appliance.keys", F_OK) != 0)
        return false;
    if (tls_library(fault))
        return true;
    warn("no update over the network: %s", fault);
    return false;
}

static bool open_door(struct machine *machine)
{
    struct pages *pages = &machine->pages;
    int door = door_open(DOOR_FOLDER "/control", POLICY_RECOVERY_UID);

    if (!try_to("open the door for the recovery pages", door < 0 ? -door : 0))
        return false;
    control_open(&pages->control, &machine->loop, door, orders, &machine->claim, machine);
    pages->order = (struct timer){.fired = order_fired, .owner = machine};
    return true;
}

void pages_begin(struct machine *machine)
{
    struct pages *pages = &machine->pages;

    try_to("hear what the recovery pages say",
           output_open(&pages->output, &machine->loop, LOG_PAGES));
    pages->recovery = (struct recovery){.secure = speaks_tls(), .process.listener = -1};
    pages->open = open_door(machine);
    if (pages->recovery.secure || machine->app.secure)
        certificate_open(&pages->certificate, &machine->loop, machine->hostname,
                         machine->app.secure, certificate_changed, machine);
    if (!pages->recovery.secure && pages->open)
        listen_now(machine);
    for_each_address(machine, certify);
}

void pages_address(struct machine *machine, const char *address)
{
    certify(machine, address);
}

void pages_turn(struct pages *pages)
{
    if (pages->open)
        control_look(&pages->control);
}

bool pages_reaped(struct pages *pages, pid_t pid, int status)
{
    if (recovery_reaped(&pages->recovery, pid, status)) {
        output_end(&pages->output);
        return true;
    }
    return certificate_reaped(&pages->certificate, pid);
}
