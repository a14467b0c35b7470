#include "interface.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../log/console.h"
#include "dhcp_process.h"
#include "../duty.h"
#include "ipv6.h"
#include "link_local.h"
#include "network.h"

static const struct lease nothing;

static bool has_routing_of(const struct lease *one, const struct lease *other)
{
    return one->address == other->address && one->netmask == other->netmask &&
           one->router == other->router;
}

static void set_address(struct interface *interface, const struct lease *lease)
{
    const char *name = interface->link.name;

    /* Away with the old one first: its routes go with it. */
    if (interface->lease.address)
        link_set_address(name, 0, 0);
    if (lease->address)
        try_to("set the address", link_set_address(name, lease->address, lease->netmask));
    if (lease->router)
        try_to("set the router", link_set_router(name, lease->router, interface->link.index));
}

static void take(struct interface *interface, const struct lease *lease)
{
    if (lease_equals(&interface->lease, lease))
        return;
    if (!has_routing_of(&interface->lease, lease))
        set_address(interface, lease);
    interface->lease = *lease;
    network_changed(interface->network, interface);
}

/* ---- as its process reports ---- */

static void expiry_fired(void *owner)
{
    take(owner, &nothing);
}

static void set_expiry(struct interface *interface, const struct lease *lease)
{
    loop_unset(interface->network->loop, &interface->expiry);
    if (lease->address && lease->seconds != UINT32_MAX)
        loop_set(interface->network->loop, &interface->expiry, (int64_t)lease->seconds * 1000);
}

/* Once in ten minutes: one who uses the same address says so with every word. */
static void say_rival(struct interface *interface, uint32_t address, const uint8_t *rival)
{
    bool taken = interface->lease.address == address;
    char text[IPV4_TEXT_SIZE];

    if (interface->rival_said_ms && loop_now() - interface->rival_said_ms < POLICY_RIVAL_AGAIN)
        return;
    interface->rival_said_ms = loop_now();
    ipv4_text(address, text);
    warn("%s: %s is the address of %02x:%02x:%02x:%02x:%02x:%02x, too; %s", interface->link.name,
         text, rival[0], rival[1], rival[2], rival[3], rival[4], rival[5],
         taken              ? "both can hardly be reached"
         : interface->fixed ? "it is not taken as long as that one has it"
                            : "the DHCP server is asked for another");
}

/* Its values come from a process that reads the network: none is used before it has been
 * checked. */
static void handle_report(struct interface *interface, struct dhcp_report *report)
{
    struct lease fixed = network_settings_lease(&interface->network->settings);
    struct lease *lease = &report->lease;

    if (interface->fixed && lease->address == fixed.address)
        *lease = fixed;
    lease_purge(lease);
    if (lease->address == 0)
        *lease = nothing;
    else if (!lease_is_sane(lease)) {
        say("%s: the DHCP server's offer makes no sense and is not used", interface->link.name);
        return;
    }
    if (!interface->fixed && lease->address && !link_local_is(lease->address))
        interface->lent = lease->address;
    set_expiry(interface, lease);
    take(interface, lease);
    interface->contested = interface->fixed && report->contested;
    memcpy(interface->rival, report->rival, sizeof interface->rival);
    if (report->contested)
        say_rival(interface, report->contested, report->rival);
}

static void report_ready(void *owner)
{
    struct interface *interface = owner;
    struct dhcp_report report;
    ssize_t length = recv(interface->reports, &report, sizeof report, MSG_TRUNC);

    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        loop_forget(interface->network->loop, interface->reports); /* it will be reaped */
    if (length == sizeof report)
        handle_report(interface, &report);
}

static void schedule_client(struct interface *interface)
{
    int64_t ran_ms = loop_now() - interface->client_started_ms;

    loop_set(interface->network->loop, &interface->restart,
             backoff_next(&interface->backoff, ran_ms));
}

static void start_client(struct interface *interface)
{
    struct dhcp_order order = {.index = interface->link.index,
                               .hostname = interface->network->hostname,
                               .remembered = interface->lent};

    if (interface->fixed)
        order.fixed = interface->network->settings.address;
    memcpy(order.interface, interface->link.name, sizeof order.interface);
    memcpy(order.mac, interface->link.mac, sizeof order.mac);
    interface->client_started_ms = loop_now();
    interface->client = dhcp_process_start(&order, &interface->reports);
    if (interface->client > 0) {
        loop_watch(interface->network->loop, interface->reports, POLLIN, report_ready, interface);
        return;
    }
    interface->client = 0;
    schedule_client(interface);
}

static void end_client(struct interface *interface)
{
    loop_unset(interface->network->loop, &interface->restart);
    if (interface->reports >= 0) {
        loop_forget(interface->network->loop, interface->reports);
        close(interface->reports);
        interface->reports = -1;
    }
    if (interface->client > 0)
        kill(interface->client, SIGKILL);
    interface->client = 0;
}

/* ---- by the settings ---- */

static bool is_fixed6(const struct interface *interface)
{
    return interface->network->settings.v6 == IPV6_FIXED && interface->network->holder == interface;
}

static void begin_ipv6(struct interface *interface)
{
    const struct network_settings *settings = &interface->network->settings;

    try_to("begin with IPv6", ipv6_begin(interface->link.name, settings->v6 == IPV6_AUTO));
    interface->fixed6 = is_fixed6(interface);
    if (!interface->fixed6)
        return;
    try_to("set the IPv6 address",
           ipv6_set_address(interface->link.index, settings->address6, settings->prefix6));
    if (!inet6_is_none(settings->router6))
        try_to("set the IPv6 router", ipv6_set_router(interface->link.index, settings->router6));
}

/* Its fixed addresses are another's now. */
static void give_up_fixed(struct interface *interface)
{
    interface->network->holder = NULL;
    if (interface->fixed)
        take(interface, &nothing);
    interface->fixed = false;
    if (interface->fixed6)
        begin_ipv6(interface);
}

/* Becomes the holder of the fixed addresses, if it may. */
static void become_holder(struct interface *interface)
{
    struct network *network = interface->network;
    struct interface *holder = network->holder;
    const char *wanted = network->settings.interface;

    if (holder == interface || (holder && holder->link.carrier) ||
        (wanted[0] && strcmp(wanted, interface->link.name) != 0))
        return;
    if (holder)
        give_up_fixed(holder);
    network->holder = interface;
}

static bool is_fixed(const struct interface *interface)
{
    return interface->network->settings.address && interface->network->holder == interface;
}

static void start(struct interface *interface)
{
    if (!interface->network->begun || interface->client || !interface->link.carrier)
        return;
    interface->fixed = is_fixed(interface);
    interface->contested = false;
    start_client(interface);
}

static void restart_fired(void *owner)
{
    start(owner);
}

void interface_apply(struct interface *interface, const struct network_settings *before)
{
    const struct network_settings *settings = &interface->network->settings;
    struct lease lease = network_settings_lease(settings);
    bool was_fixed = interface->fixed;

    interface->rival_said_ms = 0;
    if (interface->link.carrier)
        become_holder(interface);
    if (was_fixed && (!has_routing_of(&interface->lease, &lease) || !is_fixed(interface))) {
        take(interface, &nothing);
        interface->fixed = false;
    }
    if (!network_settings_equal6(settings, before) || interface->fixed6 != is_fixed6(interface))
        begin_ipv6(interface);
    /* What goes on by DHCP is left alone, but a server is told a new name. */
    if (was_fixed || is_fixed(interface) || strcmp(settings->name, before->name) != 0)
        end_client(interface);
    start(interface);
}

void interface_carrier(struct interface *interface)
{
    bool back = interface->had_carrier;

    say("%s: %s", interface->link.name, interface->link.carrier ? "cable connected" : "no cable");
    end_client(interface);
    memset(&interface->backoff, 0, sizeof interface->backoff);
    if (!interface->link.carrier)
        return;
    interface->had_carrier = true;
    if (!interface->network->begun)
        return;
    become_holder(interface);
    /* The kernel does not ask for routers again by itself. */
    if (back || interface->network->settings.v6 != IPV6_AUTO)
        begin_ipv6(interface);
    start(interface);
}

void interface_remove(struct interface *interface)
{
    end_client(interface);
    loop_unset(interface->network->loop, &interface->expiry);
    if (interface->network->holder == interface)
        interface->network->holder = NULL;
    if (interface->lease.address) {
        interface->lease = nothing;
        network_changed(interface->network, interface);
    }
    interface->link.index = 0;
}

void interface_reaped(struct interface *interface)
{
    interface->client = 0;
    end_client(interface);
    schedule_client(interface);
}

void interface_init(struct interface *interface, struct network *network, const struct link *link)
{
    *interface = (struct interface){.network = network, .link = *link, .reports = -1};
    interface->restart = (struct timer){.fired = restart_fired, .owner = interface};
    interface->expiry = (struct timer){.fired = expiry_fired, .owner = interface};
    interface->link.carrier = false; /* it is followed from the moment the interface is up */
}
