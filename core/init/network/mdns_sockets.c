#include "mdns_sockets.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* 224.0.0.251 and ff02::fb (RFC 6762, section 3). */
#define GROUP4 0xe00000fbu
static const struct in6_addr group6 = {
    .s6_addr = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb}};

static bool set_number(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static int give_up(int fd)
{
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A hop limit of 255 shows that a message has crossed no router (section 11). Own messages do not
 * come back. */
int mdns_socket4(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(MDNS_PORT)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
        set_number(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
        set_number(fd, IPPROTO_IP, IP_MULTICAST_TTL, 255) && set_number(fd, IPPROTO_IP, IP_TTL, 255) &&
        set_number(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return give_up(fd);
}

int mdns_socket6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(MDNS_PORT)};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
        set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
        set_number(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
        set_number(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255) &&
        set_number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255) &&
        set_number(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return give_up(fd);
}

void mdns_join(int fd4, int fd6, int index)
{
    struct ip_mreqn member4 = {.imr_multiaddr.s_addr = htonl(GROUP4), .imr_ifindex = index};
    struct ipv6_mreq member6 = {.ipv6mr_multiaddr = group6, .ipv6mr_interface = (unsigned)index};

    setsockopt(fd4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member4, sizeof member4);
    setsockopt(fd6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &member6, sizeof member6);
}

/* Room for the one control message that each socket asks for. */
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static int interface_of(struct msghdr *header)
{
    struct cmsghdr *item = CMSG_FIRSTHDR(header);
    struct in_pktinfo info4;
    struct in6_pktinfo info6;

    if (item && item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
        memcpy(&info4, CMSG_DATA(item), sizeof info4);
        return info4.ipi_ifindex;
    }
    if (item && item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
        memcpy(&info6, CMSG_DATA(item), sizeof info6);
        return (int)info6.ipi6_ifindex;
    }
    return 0;
}

static uint16_t port_of(const struct sockaddr_storage *sender)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    memcpy(&in4, sender, sizeof in4);
    memcpy(&in6, sender, sizeof in6);
    return ntohs(sender->ss_family == AF_INET ? in4.sin_port : in6.sin6_port);
}

bool mdns_receive_letter(int fd, struct mdns_letter *letter)
{
    union control control;
    struct iovec part = {letter->message, sizeof letter->message};
    struct msghdr header = {.msg_name = &letter->sender,
                            .msg_namelen = sizeof letter->sender,
                            .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t length;

    memset(&letter->sender, 0, sizeof letter->sender);
    length = recvmsg(fd, &header, 0);
    letter->length = length > 0 ? (size_t)length : 0;
    letter->sender_size = header.msg_namelen;
    letter->index = length > 0 ? interface_of(&header) : 0;
    letter->port = port_of(&letter->sender);
    return length > 0;
}

static void send_through(int fd, int index, const void *address, socklen_t size,
                         const uint8_t *message, size_t length)
{
    bool ipv6 = ((const struct sockaddr *)address)->sa_family == AF_INET6;
    struct in_pktinfo info4 = {.ipi_ifindex = index};
    struct in6_pktinfo info6 = {.ipi6_ifindex = (unsigned)index};
    size_t info_size = ipv6 ? sizeof info6 : sizeof info4;
    union control control = {0};
    struct iovec part = {(void *)message, length};
    struct msghdr header = {.msg_name = (void *)address,
                            .msg_namelen = size,
                            .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_SPACE(info_size)};
    struct cmsghdr *item = CMSG_FIRSTHDR(&header);

    item->cmsg_level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    item->cmsg_type = ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
    item->cmsg_len = CMSG_LEN(info_size);
    memcpy(CMSG_DATA(item), ipv6 ? (void *)&info6 : (void *)&info4, info_size);
    sendmsg(fd, &header, MSG_NOSIGNAL);
}

void mdns_send_to_all(int fd, bool ipv6, int index, const uint8_t *message, size_t length)
{
    struct sockaddr_in all4 = {
        .sin_family = AF_INET, .sin_port = htons(MDNS_PORT), .sin_addr.s_addr = htonl(GROUP4)};
    struct sockaddr_in6 all6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(MDNS_PORT), .sin6_addr = group6};

    if (length == 0)
        return;
    if (ipv6)
        send_through(fd, index, &all6, sizeof all6, message, length);
    else
        send_through(fd, index, &all4, sizeof all4, message, length);
}

void mdns_reply(int fd, const struct mdns_letter *letter, const uint8_t *message, size_t length)
{
    if (length)
        send_through(fd, letter->index, &letter->sender, letter->sender_size, message, length);
}
