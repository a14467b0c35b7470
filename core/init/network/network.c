#include "network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>

#include "../log/console.h"
#include "../duty.h"
#include "link_local.h"
#include "netlink.h"
#include "network_servers.h"
#include "resolver.h"

enum { MESSAGE_SIZE = 32768 }; /* bytes; what the kernel packs of a dump into one read */

static void tell_resolver(const struct network *network)
{
    struct host_address servers[NETWORK_SERVERS];

    resolver_write(servers, network_name_servers(network, servers));
}

void network_changed(struct network *network, const struct interface *interface)
{
    tell_resolver(network);
    network->changed(network->owner, interface);
}

bool network_reaped(struct network *network, pid_t pid)
{
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        struct interface *interface = &network->interfaces[i];

        if (interface->link.index && interface->client == pid) {
            interface_reaped(interface);
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
    interface_init(interface, network, link);
    return interface;
}

static void handle(struct network *network, const struct link *link)
{
    struct interface *interface = find(network, link->index);
    bool carrier = interface && interface->link.carrier;

    if (link->gone && interface)
        interface_remove(interface);
    if (link->gone || !link->ethernet)
        return;
    if (!interface && (interface = add(network, link)))
        try_to("switch a network interface on", link_switch_on(link->name));
    /* One that is not up any more is about to be unplugged: that message follows. */
    if (!interface || !link->up)
        return;
    interface->link = *link;
    if (interface->link.carrier != carrier)
        interface_carrier(interface);
}

void network_apply(struct network *network, const struct network_settings *settings)
{
    struct network_settings before = network->settings;
    const char *wanted = settings->interface;

    network->settings = *settings;
    network->begun = true;
    if (network->holder && wanted[0] && strcmp(wanted, network->holder->link.name) != 0)
        network->holder = NULL;
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (network->interfaces[i].link.index)
            interface_apply(&network->interfaces[i], &before);
    tell_resolver(network);
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
        else if (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_DELADDR)
            network->changed(network->owner, NULL);
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
    network->fd = netlink_open(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV6_IFADDR);
    if (network->fd < 0 || loop_watch(loop, network->fd, POLLIN, ready, network) != 0)
        return errno;
    return link_ask_all(network->fd);
}
