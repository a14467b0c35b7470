#include "dhcp_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "datagram.h"
#include "dhcp_client.h"
#include "loop.h"
#include "policy.h"

/* Descriptors of the process once it has moved in. */
enum { REPORTS = 3, LINK = 4, ROUTED = 5 };

enum { PACKET_SIZE = 1500 };

static const char empty_root[] = "/run/empty";

/* IPv4, UDP, no fragment, to port 68: nothing else of the wire reaches the process. Offsets
 * count from the IP header, because the socket is SOCK_DGRAM. */
static const struct sock_filter only_dhcp[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_CLIENT_PORT, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0xffff),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

static bool set_option(int fd, int level, int option, const void *value, socklen_t size)
{
    return setsockopt(fd, level, option, value, size) == 0;
}

/* A packet socket, because an interface without an address gets no unicast through the kernel's
 * IP stack, and some servers answer by unicast whatever the broadcast flag says. */
static int open_link(int index)
{
    struct sock_fprog filter = {sizeof only_dhcp / sizeof only_dhcp[0],
                                (struct sock_filter *)only_dhcp};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = index};
    int on = 1;
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && set_option(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) &&
        set_option(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) &&
        set_option(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return -1;
}

/* An ordinary socket for renewals: the kernel finds the server's way and hardware address.
 * Answers are read from the packet socket; this one only keeps the kernel from refusing them as
 * sent to a closed port. */
static int open_routed(const char *interface)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(DHCP_CLIENT_PORT)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && set_option(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, IF_NAMESIZE) &&
        set_option(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return -1;
}

static bool give_up_rights(void)
{
    struct rlimit none = {0, 0};
    struct rlimit those_open = {ROUTED + 1, ROUTED + 1};

    return chroot(empty_root) == 0 && chdir("/") == 0 && child_become(POLICY_DHCP_UID) &&
           setrlimit(RLIMIT_NPROC, &none) == 0 && setrlimit(RLIMIT_FSIZE, &none) == 0 &&
           setrlimit(RLIMIT_NOFILE, &those_open) == 0;
}

static uint32_t random_number(void)
{
    uint32_t number = 0;

    while (getrandom(&number, sizeof number, 0) != sizeof number)
        ; /* interrupted */
    return number;
}

static void send_to_all(const uint8_t *message, size_t length, const struct dhcp_order *order)
{
    struct datagram datagram = {0, UINT32_MAX, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, message, length};
    struct sockaddr_ll everyone = {.sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETH_P_IP),
                                   .sll_ifindex = order->index,
                                   .sll_halen = DHCP_MAC_SIZE,
                                   .sll_addr = {255, 255, 255, 255, 255, 255}};
    uint8_t packet[DHCP_MESSAGE_SIZE + DATAGRAM_HEADERS];
    size_t size = datagram_write(&datagram, packet, sizeof packet);

    sendto(LINK, packet, size, 0, (struct sockaddr *)&everyone, sizeof everyone);
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

/* A message that could not be sent is one that was lost: the next try comes by itself. */
static void act(struct dhcp_client *client, const struct dhcp_order *order, enum dhcp_act what)
{
    static const struct lease nothing;
    uint8_t message[DHCP_MESSAGE_SIZE];
    struct dhcp_request request;

    if (what == DHCP_GAINED || what == DHCP_LOST) {
        const struct lease *lease = what == DHCP_GAINED ? &client->lease : &nothing;

        if (send(REPORTS, lease, sizeof *lease, MSG_NOSIGNAL) < 0)
            _exit(1); /* PID 1 does not listen any more */
    } else if (what != DHCP_WAIT) {
        request = dhcp_client_request(client, loop_now());
        if (what == DHCP_BROADCAST)
            send_to_all(message, dhcp_write(&request, message), order);
        else
            send_to_server(message, dhcp_write(&request, message), client->lease.server);
    }
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

static void receive(struct dhcp_client *client, const struct dhcp_order *order)
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
    if (length > 0 && datagram_read(packet, (size_t)length, sum_is_missing(&header), &datagram) &&
        datagram.source_port == DHCP_SERVER_PORT && datagram.destination_port == DHCP_CLIENT_PORT)
        act(client, order,
            dhcp_client_receive(client, datagram.payload, datagram.length, loop_now()));
}

static int milliseconds_until(int64_t due)
{
    int64_t left = due - loop_now();

    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void talk(const struct dhcp_order *order)
{
    struct dhcp_client client;
    struct pollfd polled[] = {{LINK, POLLIN, 0}, {REPORTS, 0, 0}};

    dhcp_client_init(&client, order->mac, order->hostname, order->remembered, random_number,
                     loop_now());
    for (;;) {
        act(&client, order, dhcp_client_due(&client, loop_now()));
        poll(polled, 2, milliseconds_until(client.due_ms));
        if (polled[1].revents)
            _exit(0);
        if (polled[0].revents)
            receive(&client, order);
    }
}

static void run(const struct dhcp_order *order, int reports)
{
    int fds[] = {-1, -1, -1, reports, open_link(order->index), open_routed(order->interface)};

    if (fds[LINK] < 0 || fds[ROUTED] < 0)
        _exit(2);
    child_keep(fds, ROUTED + 1);
    if (!give_up_rights())
        _exit(3);
    talk(order);
}

pid_t dhcp_process_start(const struct dhcp_order *order, int *reports)
{
    int ends[2];
    pid_t pid;

    mkdir(empty_root, 0555);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pid = child_fork();
    if (pid == 0)
        run(order, ends[1]);
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    else
        *reports = ends[0];
    return pid;
}
