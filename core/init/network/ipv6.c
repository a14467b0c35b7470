#include "ipv6.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../file.h"
#include "netlink.h"

static int set_switch(const char *name, const char *key, const char *value)
{
    char path[64 + IF_NAMESIZE];

    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", name, key);
    return file_write(path, value);
}

int ipv6_begin(const char *name, bool hear_routers)
{
    int error = set_switch(name, "disable_ipv6", "1");

    if (!error)
        error = set_switch(name, "accept_ra", hear_routers ? "1" : "0");
    return error ? error : set_switch(name, "disable_ipv6", "0");
}

/* A request with room for what it is about and its attributes. */
struct request {
    struct nlmsghdr header;
    union {
        struct ifaddrmsg address;
        struct rtmsg route;
    } about;
    char attributes[64];
};

static void begin(struct request *request, uint16_t type, size_t about)
{
    request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(about);
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
}

static void add(struct request *request, uint16_t type, const void *data, size_t length)
{
    struct rtattr *attribute =
        (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), data, length);
    request->header.nlmsg_len =
        NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
}

/* The kernel answers within send(2). */
static int ask(const struct request *request)
{
    _Alignas(struct nlmsghdr) char answer[512];
    struct nlmsghdr *header = (struct nlmsghdr *)answer;
    const struct nlmsgerr *verdict = NLMSG_DATA(header);
    int fd = netlink_open(NETLINK_ROUTE, 0);
    int error = 0;

    if (fd < 0 || send(fd, request, request->header.nlmsg_len, 0) < 0)
        error = errno;
    else if (netlink_receive(fd, answer, sizeof answer) < (ssize_t)NLMSG_LENGTH(sizeof *verdict) ||
             header->nlmsg_type != NLMSG_ERROR)
        error = EPROTO;
    else
        error = -verdict->error;
    if (fd >= 0)
        close(fd);
    return error;
}

int ipv6_set_address(int index, const uint8_t address[INET6_SIZE], uint8_t prefix)
{
    struct request request = {.about.address = {.ifa_family = AF_INET6,
                                                .ifa_prefixlen = prefix,
                                                .ifa_scope = RT_SCOPE_UNIVERSE,
                                                .ifa_index = (uint32_t)index}};

    begin(&request, RTM_NEWADDR, sizeof request.about.address);
    add(&request, IFA_LOCAL, address, INET6_SIZE);
    return ask(&request);
}

int ipv6_set_router(int index, const uint8_t router[INET6_SIZE])
{
    struct request request = {.about.route = {.rtm_family = AF_INET6,
                                              .rtm_table = RT_TABLE_MAIN,
                                              .rtm_protocol = RTPROT_STATIC,
                                              .rtm_scope = RT_SCOPE_UNIVERSE,
                                              .rtm_type = RTN_UNICAST}};

    begin(&request, RTM_NEWROUTE, sizeof request.about.route);
    add(&request, RTA_GATEWAY, router, INET6_SIZE);
    add(&request, RTA_OIF, &index, sizeof index);
    return ask(&request);
}
