#include "listening.h"

#include "limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union place {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

/* The address as the kernel takes it; its length. */
static socklen_t fill(union place *place, const struct address *address)
{
    memset(place, 0, sizeof(*place));
    if (address->is_unix) {
        place->local.sun_family = AF_UNIX;
        memcpy(place->local.sun_path, address->host,
               strnlen(address->host, sizeof(place->local.sun_path) - 1));
        return sizeof(place->local);
    }
    if (address->is_v6) {
        place->v6.sin6_family = AF_INET6;
        place->v6.sin6_port = htons((uint16_t)address->port);
        inet_pton(AF_INET6, address->host, &place->v6.sin6_addr);
        return sizeof(place->v6);
    }
    place->v4.sin_family = AF_INET;
    place->v4.sin_port = htons((uint16_t)address->port);
    inet_pton(AF_INET, address->host, &place->v4.sin_addr);
    return sizeof(place->v4);
}

static int open_socket(const union place *place)
{
    int fd = socket(place->any.sa_family, SOCK_STREAM, 0);

    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A socket file that nobody listens on is left over from a crash. */
static void remove_stale_socket(const union place *place, socklen_t length)
{
    int fd = open_socket(place);

    if (fd < 0)
        return;
    if (connect(fd, &place->any, length) != 0 && errno == ECONNREFUSED)
        unlink(place->local.sun_path);
    close(fd);
}

/* A port is free again at once after a restart; [::] serves IPv4 too, where the system can. */
static int set_options(int fd, const struct address *address)
{
    int on = 1;

    if (address->is_unix)
        return 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
        return -1;
#ifndef __OpenBSD__ /* there it is always on */
    on = 0;
    if (address->is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
        return -1;
#endif
    return 0;
}

static int read_real_port(int fd, struct address *address)
{
    union place place;
    socklen_t length = sizeof(place);

    if (address->is_unix)
        return 0;
    if (getsockname(fd, &place.any, &length) != 0)
        return -1;
    address->port = ntohs(address->is_v6 ? place.v6.sin6_port : place.v4.sin_port);
    return 0;
}

int listening_open(struct address *address)
{
    union place place;
    socklen_t length = fill(&place, address);
    int fd = open_socket(&place);
    int error;

    if (fd < 0)
        return -errno;
    if (address->is_unix)
        remove_stale_socket(&place, length);
    if (set_options(fd, address) == 0 && bind(fd, &place.any, length) == 0 &&
        listen(fd, LIMIT_BACKLOG) == 0 && read_real_port(fd, address) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

static bool listens(int fd)
{
    int value = 0;
    socklen_t length = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

static bool read_place(const union place *place, struct address *address)
{
    address->is_unix = false;
    address->is_v6 = place->any.sa_family == AF_INET6;
    address->port = ntohs(address->is_v6 ? place->v6.sin6_port : place->v4.sin_port);
    if (address->is_v6)
        return inet_ntop(AF_INET6, &place->v6.sin6_addr, address->host, INET6_ADDRSTRLEN) != NULL;
    return place->any.sa_family == AF_INET &&
           inet_ntop(AF_INET, &place->v4.sin_addr, address->host, INET_ADDRSTRLEN) != NULL;
}

bool listening_read(int fd, struct address *address)
{
    union place place;
    socklen_t length = sizeof(place);

    memset(&place, 0, sizeof(place));
    return listens(fd) && getsockname(fd, &place.any, &length) == 0 &&
           read_place(&place, address);
}

void listening_give_up_after(int fd, unsigned seconds)
{
#ifdef TCP_USER_TIMEOUT
    unsigned milliseconds = seconds * 1000;

    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
#else
    (void)fd;
    (void)seconds;
#endif
}

void listening_remove(const struct address *address)
{
    if (address->is_unix)
        unlink(address->host);
}
