#include "transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
    int descriptor;
};

struct transport *transport_open(int descriptor)
{
    struct transport *transport = malloc(sizeof(*transport));

    if (transport == NULL)
        abort();
    transport->descriptor = descriptor;
    return transport;
}

int transport_send(struct transport *transport, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    return sendmsg(transport->descriptor, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

ssize_t transport_receive(struct transport *transport, void *bytes, size_t size)
{
    ssize_t got = recv(transport->descriptor, bytes, size, MSG_DONTWAIT);

    return got < 0 && errno != EAGAIN ? 0 : got;
}

void transport_close(struct transport *transport)
{
    close(transport->descriptor);
    free(transport);
}
