#include "dhcp_process.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acd.h"
#include "../chance.h"
#include "../child.h"
#include "datagram.h"
#include "dhcp_client.h"
#include "dhcp_sockets.h"
#include "link_local.h"
#include "../loop.h"
#include "../policy.h"

/* Descriptors of the process once it has moved in. */
enum { REPORTS = 3, LINK = 4, ROUTED = 5, ARP = 6 };

enum { PACKET_SIZE = 1500 };

struct conversation {
    const struct dhcp_order *order;
    struct dhcp_client client; /* nothing to do when the address is fixed */
    struct acd claim;          /* of the fixed address, or of that by DHCP */
    struct link_local local;
    struct dhcp_report report;
    int64_t alone_ms; /* when to look for an address without a server; INT64_MAX: there is one */
};

static void broadcast(int fd, uint16_t protocol, int index, const uint8_t *packet, size_t size)
{
    struct sockaddr_ll everyone = {.sll_family = AF_PACKET,
                                   .sll_protocol = htons(protocol),
                                   .sll_ifindex = index,
                                   .sll_halen = DHCP_MAC_SIZE,
                                   .sll_addr = {255, 255, 255, 255, 255, 255}};

    sendto(fd, packet, size, 0, (struct sockaddr *)&everyone, sizeof everyone);
}

static void send_to_all(const uint8_t *message, size_t length, const struct dhcp_order *order)
{
    struct datagram datagram = {0, UINT32_MAX, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, message, length};
    uint8_t packet[DHCP_MESSAGE_SIZE + DATAGRAM_HEADERS];

    broadcast(LINK, ETH_P_IP, order->index, packet,
              datagram_write(&datagram, packet, sizeof packet));
}

static void send_to_server(const uint8_t *message, size_t length, uint32_t server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(DHCP_SERVER_PORT),
                                  .sin_addr.s_addr = htonl(server)};
    char unread[16];

    while (recv(ROUTED, unread, sizeof unread, 0) >= 0)
        ; /* copies of what the packet socket has delivered */
    sendto(ROUTED, message, length, 0, (struct sockaddr *)&address, sizeof address);
}

static void send_report(const struct conversation *talk)
{
    if (send(REPORTS, &talk->report, sizeof talk->report, MSG_NOSIGNAL) < 0)
        _exit(1); /* PID 1 does not listen any more */
}

static void report(struct conversation *talk, const struct lease *lease)
{
    talk->report.lease = *lease;
    send_report(talk);
}

static void send_arp(const struct conversation *talk, struct arp message)
{
    uint8_t packet[ARP_SIZE];

    arp_write(&message, packet);
    broadcast(ARP, ETH_P_ARP, talk->order->index, packet, sizeof packet);
}

static void be_alone_after(struct conversation *talk, int64_t ms)
{
    talk->alone_ms = loop_now() + ms;
}

static void end_alone(struct conversation *talk)
{
    link_local_end(&talk->local);
    talk->alone_ms = INT64_MAX;
}

static void report_nothing(struct conversation *talk)
{
    static const struct lease nothing;

    if (talk->alone_ms == INT64_MAX)
        be_alone_after(talk, POLICY_LINK_LOCAL_AFTER);
    report(talk, &nothing);
}

/* A message that could not be sent is one that was lost: the next try comes by itself. */
static void act(struct conversation *talk, enum dhcp_act what)
{
    uint8_t message[DHCP_MESSAGE_SIZE];
    struct dhcp_request request;

    if (what == DHCP_CHECK) {
        acd_begin(&talk->claim, talk->order->mac, talk->client.lease.address, true, chance,
                  loop_now());
    } else if (what == DHCP_GAINED) {
        end_alone(talk);
        report(talk, &talk->client.lease);
    } else if (what == DHCP_LOST) {
        acd_end(&talk->claim);
        report_nothing(talk);
    } else if (what != DHCP_WAIT) {
        request = dhcp_client_request(&talk->client, loop_now());
        if (what == DHCP_BROADCAST)
            send_to_all(message, dhcp_write(&request, message), talk->order);
        else
            send_to_server(message, dhcp_write(&request, message), talk->client.lease.server);
    }
}

static void note_rival(struct conversation *talk)
{
    talk->report.contested = talk->claim.address;
    memcpy(talk->report.rival, talk->claim.rival, sizeof talk->report.rival);
}

static void act_fixed(struct conversation *talk, enum acd_act what)
{
    const struct lease lease = {.address = talk->claim.address};

    if (what == ACD_GAINED) {
        end_alone(talk);
        talk->report.contested = 0;
        report(talk, &lease);
    } else if (what != ACD_SEND) {
        if (what == ACD_REFUSED && talk->local.state == LINK_LOCAL_OFF)
            be_alone_after(talk, 0);
        note_rival(talk);
        send_report(talk);
    }
}

/* A server's address. One of the own choice stays as long as there is none. */
static void act_lent(struct conversation *talk, enum acd_act what)
{
    if (what == ACD_GAINED)
        act(talk, dhcp_client_use(&talk->client));
    if (what != ACD_REFUSED && what != ACD_LOST)
        return;
    note_rival(talk);
    if (talk->local.state == LINK_LOCAL_OFF)
        report_nothing(talk);
    else
        send_report(talk);
    talk->report.contested = 0;
    act(talk, dhcp_client_decline(&talk->client, loop_now()));
}

static void act_claim(struct conversation *talk, enum acd_act what)
{
    if (what == ACD_WAIT)
        return;
    if (talk->order->fixed)
        act_fixed(talk, what);
    else
        act_lent(talk, what);
    if (what != ACD_REFUSED && what != ACD_LOST)
        send_arp(talk, acd_message(&talk->claim));
}

static void act_alone(struct conversation *talk, enum link_local_act what)
{
    struct lease lease = {0};

    if (what == LINK_LOCAL_WAIT)
        return;
    if (what == LINK_LOCAL_GAINED)
        lease = (struct lease){.address = talk->local.address,
                               .netmask = 0xffff0000,
                               .seconds = UINT32_MAX};
    if (what != LINK_LOCAL_SEND)
        report(talk, &lease);
    if (what != LINK_LOCAL_LOST)
        send_arp(talk, link_local_message(&talk->local));
}

/* The socket asks for one kind of control message, so the first is the only one. */
static bool sum_is_missing(struct msghdr *header)
{
    struct cmsghdr *item = CMSG_FIRSTHDR(header);
    struct tpacket_auxdata auxdata;

    if (!item || item->cmsg_level != SOL_PACKET || item->cmsg_type != PACKET_AUXDATA)
        return false;
    memcpy(&auxdata, CMSG_DATA(item), sizeof auxdata);
    return (auxdata.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
}

static void receive(struct conversation *talk)
{
    uint8_t packet[PACKET_SIZE];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))] = {0};
    struct iovec part = {packet, sizeof packet};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    ssize_t length = recvmsg(LINK, &header, 0);
    struct datagram datagram;

    if (length < 0 && errno == ENODEV)
        _exit(0); /* the adapter was unplugged */
    if (length > 0 && !talk->order->fixed &&
        datagram_read(packet, (size_t)length, sum_is_missing(&header), &datagram) &&
        datagram.source_port == DHCP_SERVER_PORT && datagram.destination_port == DHCP_CLIENT_PORT)
        act(talk,
            dhcp_client_receive(&talk->client, datagram.payload, datagram.length, loop_now()));
}

static void receive_arp(struct conversation *talk)
{
    uint8_t packet[64];
    ssize_t length = recv(ARP, packet, sizeof packet, 0);
    struct arp heard;

    if (length <= 0 || !arp_read(packet, (size_t)length, &heard))
        return;
    act_claim(talk, acd_receive(&talk->claim, &heard, loop_now()));
    act_alone(talk, link_local_receive(&talk->local, &heard, loop_now()));
}

static void do_what_is_due(struct conversation *talk)
{
    if (!talk->order->fixed)
        act(talk, dhcp_client_due(&talk->client, loop_now()));
    act_claim(talk, acd_due(&talk->claim, loop_now()));
    if (loop_now() >= talk->alone_ms) {
        talk->alone_ms = INT64_MAX;
        link_local_begin(&talk->local, talk->order->mac, chance, loop_now());
    }
    act_alone(talk, link_local_due(&talk->local, loop_now()));
}

static int64_t next_due(const struct conversation *talk)
{
    int64_t due = talk->order->fixed ? INT64_MAX : talk->client.due_ms;

    due = talk->claim.due_ms < due ? talk->claim.due_ms : due;
    due = talk->alone_ms < due ? talk->alone_ms : due;
    return talk->local.due_ms < due ? talk->local.due_ms : due;
}

static void converse(const struct dhcp_order *order)
{
    struct conversation talk = {.order = order, .alone_ms = INT64_MAX};
    struct pollfd polled[] = {{LINK, POLLIN, 0}, {ARP, POLLIN, 0}, {REPORTS, 0, 0}};

    dhcp_client_init(&talk.client, order->mac, order->hostname, order->remembered, chance,
                     loop_now());
    acd_end(&talk.claim);
    link_local_end(&talk.local);
    if (order->fixed)
        acd_begin(&talk.claim, order->mac, order->fixed, false, chance, loop_now());
    else
        be_alone_after(&talk, POLICY_LINK_LOCAL_AFTER);
    for (;;) {
        do_what_is_due(&talk);
        poll(polled, 3, loop_until(next_due(&talk)));
        if (polled[2].revents)
            _exit(0);
        if (polled[0].revents)
            receive(&talk);
        if (polled[1].revents)
            receive_arp(&talk);
    }
}

static void run(const void *given, int reports)
{
    const struct dhcp_order *order = given;
    int fds[] = {-1,
                 -1,
                 -1,
                 reports,
                 dhcp_link_socket(order->index),
                 dhcp_routed_socket(order->interface),
                 dhcp_arp_socket(order->index)};

    if (fds[LINK] < 0 || fds[ROUTED] < 0 || fds[ARP] < 0)
        _exit(2);
    child_keep(fds, ARP + 1);
    if (!child_confine(CHILD_EMPTY_ROOT, POLICY_DHCP_UID, ARP + 1))
        _exit(3);
    converse(order);
}

pid_t dhcp_process_start(const struct dhcp_order *order, int *reports)
{
    return child_start(run, order, reports);
}
