#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20 }; /* loading a bus driver announces some hundred devices at once */

int netlink_open(int protocol, uint32_t groups)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    int bytes = QUEUE_BYTES;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

ssize_t netlink_receive(int fd, void *buffer, size_t size)
{
    for (;;) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_size = sizeof sender;
        ssize_t length =
            recvfrom(fd, buffer, size, MSG_TRUNC, (struct sockaddr *)&sender, &sender_size);
        bool from_kernel = sender_size == sizeof sender && sender.nl_pid == 0;

        if (length < 0 && errno != EINTR)
            return errno == ENOBUFS ? -1 : 0;
        if (length > 0 && (size_t)length <= size && from_kernel)
            return length;
    }
}
