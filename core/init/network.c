#include "network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console.h"
#include "dhcp_process.h"
#include "duty.h"
#include "link_local.h"
#include "netlink.h"
#include "resolver.h"

enum { MESSAGE_SIZE = 32768 }; /* bytes; what the kernel packs of a dump into one read */

static void tell_resolver(struct network *network)
{
    uint32_t servers[POLICY_INTERFACES * LEASE_SERVERS];
    int count = 0;

    for (int i = 0; i < POLICY_INTERFACES; i++)
        for (int n = 0; n < LEASE_SERVERS && network->interfaces[i].lease.dns[n]; n++)
            servers[count++] = network->interfaces[i].lease.dns[n];
    resolver_write(servers, count);
}

static void apply(struct interface *interface, const struct lease *lease)
{
    const char *name = interface->link.name;

    if (lease_equals(&interface->lease, lease))
        return;
    /* Away with the old one first: its routes go with it. */
    if (interface->lease.address)
        link_set_address(name, 0, 0);
    interface->lease = *lease;
    if (lease->address)
        try_to("set the address", link_set_address(name, lease->address, lease->netmask));
    if (lease->router)
        try_to("set the router", link_set_router(name, lease->router, interface->link.index));
    tell_resolver(interface->network);
    interface->network->changed(interface->network->owner, interface);
}

static void expiry_fired(void *owner)
{
    const struct lease nothing = {0};

    apply(owner, &nothing);
}

static void set_expiry(struct interface *interface, const struct lease *lease)
{
    loop_unset(interface->network->loop, &interface->expiry);
    if (lease->address && lease->seconds != UINT32_MAX)
        loop_set(interface->network->loop, &interface->expiry, (int64_t)lease->seconds * 1000);
}

/* Its values come from a process that reads the network: none is used before it has been
 * checked. */
static void handle_report(struct interface *interface, struct lease *lease)
{
    lease_purge(lease);
    if (lease->address == 0)
        memset(lease, 0, sizeof *lease);
    else if (!lease_is_sane(lease)) {
        say("%s: the DHCP server's offer makes no sense and is not used", interface->link.name);
        return;
    }
    set_expiry(interface, lease);
    apply(interface, lease);
}

static void report_ready(void *owner)
{
    struct interface *interface = owner;
    struct lease lease;
    ssize_t length = recv(interface->reports, &lease, sizeof lease, MSG_TRUNC);

    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        loop_forget(interface->network->loop, interface->reports); /* it will be reaped */
    if (length == sizeof lease)
        handle_report(interface, &lease);
}

static void schedule_client(struct interface *interface)
{
    int64_t ran_ms = loop_now() - interface->client_started_ms;

    loop_set(interface->network->loop, &interface->restart,
             backoff_next(&interface->backoff, ran_ms));
}

/* True when the fixed address is this interface's. */
static bool take_fixed(struct interface *interface)
{
    const struct lease nothing = {0};
    struct network *network = interface->network;
    struct interface *holder = network->holder;

    if (!network->fixed.address || (holder && holder != interface && holder->link.carrier))
        return false;
    if (holder && holder != interface)
        apply(holder, &nothing);
    network->holder = interface;
    apply(interface, &network->fixed);
    return true;
}

static void start_client(struct interface *interface)
{
    struct dhcp_order order = {.index = interface->link.index,
                               .hostname = interface->network->hostname};

    if (!interface->network->begun || interface->client || !interface->link.carrier ||
        take_fixed(interface))
        return;
    if (!link_local_is(interface->lease.address))
        order.remembered = interface->lease.address;
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

static void restart_fired(void *owner)
{
    start_client(owner);
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

bool network_reaped(struct network *network, pid_t pid)
{
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        struct interface *interface = &network->interfaces[i];

        if (interface->link.index && interface->client == pid) {
            interface->client = 0;
            end_client(interface);
            schedule_client(interface);
            return true;
        }
    }
    return false;
}

static struct interface *find(struct network *network, int index)
{
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (network->interfaces[i].link.index == index)
            return &network->interfaces[i];
    return NULL;
}

static struct interface *add(struct network *network, const struct link *link)
{
    struct interface *interface = find(network, 0);

    if (!interface) {
        say("%s is one network interface more than the %d that are used", link->name,
            POLICY_INTERFACES);
        return NULL;
    }
    memset(interface, 0, sizeof *interface);
    interface->network = network;
    interface->reports = -1;
    interface->restart = (struct timer){.fired = restart_fired, .owner = interface};
    interface->expiry = (struct timer){.fired = expiry_fired, .owner = interface};
    interface->link = *link;
    interface->link.carrier = false; /* it is followed from the moment the interface is up */
    return interface;
}

static void remove_interface(struct interface *interface)
{
    struct lease nothing = {0};

    end_client(interface);
    loop_unset(interface->network->loop, &interface->expiry);
    if (interface->network->holder == interface)
        interface->network->holder = NULL;
    if (interface->lease.address) {
        interface->lease = nothing;
        tell_resolver(interface->network);
        interface->network->changed(interface->network->owner, interface);
    }
    interface->link.index = 0;
}

/* A cable that comes back may lead to another network: ask again. The old address stays until
 * the answer. */
static void follow_carrier(struct interface *interface, bool before)
{
    if (interface->link.carrier == before)
        return;
    say("%s: %s", interface->link.name, interface->link.carrier ? "cable connected" : "no cable");
    end_client(interface);
    memset(&interface->backoff, 0, sizeof interface->backoff);
    start_client(interface);
}

static void handle(struct network *network, const struct link *link)
{
    struct interface *interface = find(network, link->index);
    bool carrier = interface && interface->link.carrier;

    if (link->gone && interface)
        remove_interface(interface);
    if (link->gone || !link->ethernet)
        return;
    if (!interface && (interface = add(network, link)))
        try_to("switch a network interface on", link_switch_on(link->name));
    /* One that is not up any more is about to be unplugged: that message follows. */
    if (!interface || !link->up)
        return;
    interface->link = *link;
    follow_carrier(interface, carrier);
}

void network_begin(struct network *network, const struct lease *fixed)
{
    network->fixed = *fixed;
    network->begun = true;
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (network->interfaces[i].link.index)
            start_client(&network->interfaces[i]);
}

bool network_was_given_address(const struct network *network)
{
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        uint32_t address = network->interfaces[i].lease.address;

        if (address && !link_local_is(address))
            return true;
    }
    return false;
}

bool network_has_address(const struct network *network)
{
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (network->interfaces[i].lease.address)
            return true;
    return false;
}

void network_explain(const struct network *network)
{
    int count = 0;

    if (network_has_address(network))
        return;
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        const struct link *link = &network->interfaces[i].link;

        if (link->index == 0)
            continue;
        say("%s: %s", link->name, link->carrier ? "no DHCP server has answered yet" : "no cable");
        count++;
    }
    if (count == 0)
        say("no network interface that this image has a driver for");
}

static void handle_all(struct network *network, const char *messages, size_t length)
{
    const struct nlmsghdr *header;
    struct link link;

    for (size_t at = 0; at + sizeof *header <= length; at += NLMSG_ALIGN(header->nlmsg_len)) {
        header = (const void *)(messages + at);
        if (header->nlmsg_len < sizeof *header || header->nlmsg_len > length - at)
            return;
        if (link_read(header, header->nlmsg_len, &link))
            handle(network, &link);
    }
}

static void ready(void *owner)
{
    struct network *network = owner;
    static _Alignas(struct nlmsghdr) char messages[MESSAGE_SIZE];
    ssize_t length;

    while ((length = netlink_receive(network->fd, messages, sizeof messages)) != 0) {
        if (length < 0)
            link_ask_all(network->fd);
        else
            handle_all(network, messages, (size_t)length);
    }
}

int network_open(struct network *network, struct loop *loop, const char *hostname,
                 void (*changed)(void *, const struct interface *), void *owner)
{
    memset(network, 0, sizeof *network);
    network->loop = loop;
    network->hostname = hostname;
    network->changed = changed;
    network->owner = owner;
    try_to("switch the loopback on", link_switch_on("lo"));
    resolver_open();
    network->fd = netlink_open(NETLINK_ROUTE, RTMGRP_LINK);
    if (network->fd < 0 || loop_watch(loop, network->fd, POLLIN, ready, network) != 0)
        return errno;
    return link_ask_all(network->fd);
}
