#include "link.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* IFF_LOWER_UP of linux/if.h, which cannot stand beside net/if.h. Not IFF_RUNNING: that follows
 * up to a second later. */
enum { LOWER_UP = 1 << 16 };

/* Virtual interfaces have no device behind them in /sys. */
static bool is_hardware(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/sys/class/net/%s/device", name);
    return access(path, F_OK) == 0;
}

int link_ask_all(int fd)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .link = {.ifi_family = AF_UNSPEC},
    };

    return send(fd, &question, sizeof question, 0) == (ssize_t)sizeof question ? 0 : errno;
}

static void read_attributes(const struct rtattr *attribute, int left, struct link *link)
{
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        size_t length = RTA_PAYLOAD(attribute);

        if (attribute->rta_type == IFLA_IFNAME && length <= sizeof link->name)
            memcpy(link->name, RTA_DATA(attribute), length);
        if (attribute->rta_type == IFLA_ADDRESS && length == sizeof link->mac)
            memcpy(link->mac, RTA_DATA(attribute), length);
    }
    link->name[sizeof link->name - 1] = '\0';
}

bool link_read(const void *message, size_t length, struct link *link)
{
    const struct nlmsghdr *header = message;
    const struct ifinfomsg *about = NLMSG_DATA(header);

    memset(link, 0, sizeof *link);
    if (length < NLMSG_LENGTH(sizeof *about) || header->nlmsg_len > length ||
        header->nlmsg_len < NLMSG_LENGTH(sizeof *about) ||
        (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK))
        return false;
    link->index = about->ifi_index;
    link->gone = header->nlmsg_type == RTM_DELLINK;
    read_attributes(IFLA_RTA(about), (int)IFLA_PAYLOAD(header), link);
    link->ethernet = about->ifi_type == ARPHRD_ETHER && (link->gone || is_hardware(link->name));
    link->up = (about->ifi_flags & IFF_UP) != 0;
    link->carrier = link->up && (about->ifi_flags & LOWER_UP) != 0;
    return true;
}

static int call(unsigned long request, void *argument)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int error = fd >= 0 && ioctl(fd, request, argument) == 0 ? 0 : errno;

    if (fd >= 0)
        close(fd);
    return error;
}

static struct ifreq request_for(const char *name)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return request;
}

int link_switch_on(const char *name)
{
    struct ifreq request = request_for(name);
    int error = call(SIOCGIFFLAGS, &request);

    request.ifr_flags |= IFF_UP;
    return error ? error : call(SIOCSIFFLAGS, &request);
}

static struct sockaddr socket_address(uint32_t address)
{
    struct sockaddr_in typed = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr generic;

    memcpy(&generic, &typed, sizeof generic);
    return generic;
}

int link_set_address(const char *name, uint32_t address, uint32_t netmask)
{
    struct ifreq request = request_for(name);
    int error;

    request.ifr_addr = socket_address(address);
    error = call(SIOCSIFADDR, &request);
    if (error || address == 0)
        return error;
    request.ifr_netmask = socket_address(netmask);
    return call(SIOCSIFNETMASK, &request);
}

int link_set_router(const char *name, uint32_t router, int metric)
{
    char device[IF_NAMESIZE];
    struct rtentry route = {
        .rt_dst = socket_address(0),
        .rt_genmask = socket_address(0),
        .rt_gateway = socket_address(router),
        .rt_flags = RTF_UP | RTF_GATEWAY,
        .rt_metric = (short)(metric + 1), /* the kernel takes one off */
        .rt_dev = device,
    };

    snprintf(device, sizeof device, "%s", name);
    return call(SIOCADDRT, &route);
}
