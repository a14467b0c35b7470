#include "mdns_process.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../chance.h"
#include "../child.h"
#include "../loop.h"
#include "mdns.h"
#include "mdns_sockets.h"
#include "netlink.h"
#include "../policy.h"

/* Descriptors of the process once it has moved in, and room for the one with which getifaddrs asks
 * the kernel. */
enum { REPORTS = 3, IPV4 = 4, IPV6 = 5, CHANGES = 6, DESCRIPTORS = 8 };

struct place {
    int index; /* of an interface, 0 = free */
    struct mdns_addresses addresses;
    struct in6_addr speaker; /* the link-local address that its messages by IPv6 come from */
    int64_t answered4_ms, answered6_ms; /* to all */
};

struct responder {
    struct mdns mdns;
    struct place places[POLICY_INTERFACES];
    int reported; /* the number of the name that PID 1 knows */
};

static struct place *place_of(struct responder *responder, int index)
{
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (responder->places[i].index == index)
            return &responder->places[i];
    return NULL;
}

static void note_ipv6(struct place *place, const struct in6_addr *address)
{
    struct mdns_addresses *addresses = &place->addresses;

    if (IN6_IS_ADDR_LINKLOCAL(address))
        place->speaker = *address;
    if (addresses->ipv6_count < MDNS_ADDRESSES)
        memcpy(addresses->ipv6[addresses->ipv6_count++], address, 16);
}

static void note_address(struct place *place, const struct sockaddr *address)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET) {
        memcpy(&in4, address, sizeof in4);
        memcpy(place->addresses.ipv4, &in4.sin_addr, sizeof place->addresses.ipv4);
        place->addresses.has_ipv4 = true;
    } else if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        note_ipv6(place, &in6.sin6_addr);
    }
}

/* The interfaces as they are now. */
static void look(struct responder *responder)
{
    enum { WANTED = IFF_UP | IFF_RUNNING | IFF_MULTICAST };
    struct ifaddrs *all;

    memset(responder->places, 0, sizeof responder->places);
    if (getifaddrs(&all) != 0)
        return;
    for (struct ifaddrs *one = all; one; one = one->ifa_next) {
        int index = (int)if_nametoindex(one->ifa_name);
        struct place *place = index ? place_of(responder, index) : NULL;

        if (!one->ifa_addr || index == 0 || (one->ifa_flags & WANTED) != WANTED ||
            (one->ifa_flags & IFF_LOOPBACK) || (!place && !(place = place_of(responder, 0))))
            continue;
        place->index = index;
        note_address(place, one->ifa_addr);
        mdns_join(IPV4, IPV6, index);
    }
    freeifaddrs(all);
}

typedef size_t writer(const struct mdns *, const struct mdns_addresses *, uint8_t *);

static void tell_of(const struct responder *responder, const struct place *place, writer *write,
                    const struct mdns_addresses *addresses)
{
    uint8_t message[MDNS_MESSAGE_SIZE];
    size_t length = write(&responder->mdns, addresses, message);

    if (place->addresses.has_ipv4)
        mdns_send_to_all(IPV4, false, place->index, message, length);
    if (place->addresses.ipv6_count)
        mdns_send_to_all(IPV6, true, place->index, message, length);
}

static void tell(const struct responder *responder, const struct place *place, writer *write)
{
    tell_of(responder, place, write, &place->addresses);
}

static void tell_all(const struct responder *responder, writer *write)
{
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (responder->places[i].index)
            tell(responder, &responder->places[i], write);
}

/* PID 1 does not listen any more: the device has another name, or ends. */
static _Noreturn void leave(const struct responder *responder)
{
    tell_all(responder, mdns_write_goodbye);
    _exit(0);
}

static void report(struct responder *responder)
{
    int number = responder->mdns.number;

    if (responder->reported == number)
        return;
    responder->reported = number;
    if (send(REPORTS, &number, sizeof number, MSG_NOSIGNAL) < 0)
        leave(responder);
}

static void announce(struct responder *responder)
{
    tell_all(responder, mdns_write_announcement);
    report(responder);
}

static void act(struct responder *responder, enum mdns_act what)
{
    if (what == MDNS_PROBE)
        tell_all(responder, mdns_write_probe);
    else if (what == MDNS_ANNOUNCE)
        announce(responder);
    else if (what == MDNS_LEAVE) {
        tell_all(responder, mdns_write_goodbye);
        mdns_leave(&responder->mdns, loop_now());
    }
}

/* Section 6: no record is said to all more often than once a second. */
static bool may_answer(bool wanted, int64_t *answered_ms)
{
    int64_t now = loop_now();

    if (!wanted || (*answered_ms && now - *answered_ms < 1000))
        return false;
    *answered_ms = now;
    return true;
}

static void answer(struct responder *responder, struct place *place)
{
    struct mdns_question *question = &responder->mdns.question;

    question->ipv4 = may_answer(question->ipv4, &place->answered4_ms);
    question->ipv6 = may_answer(question->ipv6, &place->answered6_ms);
    tell(responder, place, mdns_write_answer);
}

/* What this device has said on one interface, and hears on another one of the same network. By IPv4
 * the kernel drops it. */
static bool is_own(const struct responder *responder, const struct mdns_letter *letter)
{
    struct sockaddr_in6 in6;

    memcpy(&in6, &letter->sender, sizeof in6);
    for (int i = 0; in6.sin6_family == AF_INET6 && i < POLICY_INTERFACES; i++)
        if (responder->places[i].index &&
            memcmp(&responder->places[i].speaker, &in6.sin6_addr, sizeof in6.sin6_addr) == 0)
            return true;
    return false;
}

static void receive(struct responder *responder, int fd)
{
    static struct mdns_letter letter;
    uint8_t message[MDNS_MESSAGE_SIZE];

    while (mdns_receive_letter(fd, &letter)) {
        struct place *place = letter.index ? place_of(responder, letter.index) : NULL;
        enum mdns_act what;

        if (!place || is_own(responder, &letter))
            continue;
        what = mdns_receive(&responder->mdns, letter.message, letter.length, letter.port,
                            &place->addresses, loop_now());
        if (what == MDNS_ANSWER)
            answer(responder, place);
        else if (what == MDNS_REPLY)
            mdns_reply(fd, &letter, message,
                       mdns_write_answer(&responder->mdns, &place->addresses, message));
        else
            act(responder, what);
    }
}

/* What an interface had and has no more, while it is still there to say it. */
static void tell_gone(struct responder *responder, const struct place before[POLICY_INTERFACES])
{
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        struct place *place = before[i].index ? place_of(responder, before[i].index) : NULL;
        struct mdns_addresses gone;

        if (!place)
            continue;
        gone = mdns_gone(&before[i].addresses, &place->addresses);
        tell_of(responder, place, mdns_write_goodbye, &gone);
    }
}

static bool is_same(const struct place *one, const struct place *other)
{
    return one->index == other->index &&
           memcmp(&one->addresses, &other->addresses, sizeof one->addresses) == 0;
}

/* What exactly has changed is not read: the kernel is asked. Often nothing has: whenever a router
 * says again for how long its addresses are good. */
static void follow_changes(struct responder *responder)
{
    struct place before[POLICY_INTERFACES];
    bool changed = false;
    char unread[8192];

    while (netlink_receive(CHANGES, unread, sizeof unread) != 0)
        ;
    memcpy(before, responder->places, sizeof before);
    look(responder);
    tell_gone(responder, before);
    for (int i = 0; i < POLICY_INTERFACES; i++)
        changed = changed || !is_same(&before[i], &responder->places[i]);
    if (changed)
        mdns_again(&responder->mdns, loop_now());
}

static void respond(const char *hostname)
{
    static struct responder responder;
    struct pollfd polled[] = {
        {IPV4, POLLIN, 0}, {IPV6, POLLIN, 0}, {CHANGES, POLLIN, 0}, {REPORTS, 0, 0}};

    look(&responder);
    mdns_begin(&responder.mdns, hostname, chance, loop_now());
    for (;;) {
        act(&responder, mdns_due(&responder.mdns, loop_now()));
        poll(polled, 4, loop_until(responder.mdns.due_ms));
        if (polled[3].revents)
            leave(&responder);
        if (polled[2].revents)
            follow_changes(&responder);
        if (polled[0].revents)
            receive(&responder, IPV4);
        if (polled[1].revents)
            receive(&responder, IPV6);
    }
}

static void run(const void *given, int reports)
{
    const char *hostname = given;
    int groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    int fds[] = {-1,
                 -1,
                 -1,
                 reports,
                 mdns_socket4(),
                 mdns_socket6(),
                 netlink_open(NETLINK_ROUTE, (uint32_t)groups)};

    if (fds[IPV4] < 0 || fds[IPV6] < 0 || fds[CHANGES] < 0)
        _exit(2);
    child_keep(fds, CHANGES + 1);
    if (!child_confine(CHILD_EMPTY_ROOT, POLICY_MDNS_UID, DESCRIPTORS))
        _exit(3);
    respond(hostname);
}

pid_t mdns_process_start(const char *hostname, int *reports)
{
    return child_start(run, hostname, reports);
}
