#include "dhcp_sockets.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dhcp.h"

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
int dhcp_link_socket(int index)
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

/* ARP of the interface; what is no ARP for IPv4 is sorted out by arp_read. */
int dhcp_arp_socket(int index)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = index};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return -1;
}

/* An ordinary socket for renewals: the kernel finds the server's way and hardware address.
 * Answers are read from the packet socket; this one only keeps the kernel from refusing them as
 * sent to a closed port. */
int dhcp_routed_socket(const char *interface)
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
