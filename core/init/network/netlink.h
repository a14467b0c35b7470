/* Netlink sockets of PID 1 and their messages. Only what the kernel itself sends is believed:
 * any local process may send a netlink message. */
#ifndef FAPWS4_INIT_NETLINK_H
#define FAPWS4_INIT_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A non-blocking socket of `protocol` (NETLINK_...) that hears the multicast `groups` (a bit
 * mask). The descriptor, or -1 with errno set. */
int netlink_open(int protocol, uint32_t groups);

/* The next message of the kernel into buffer[size]; foreign and overlong ones are passed over.
 * Its length; 0 when there is none; -1 when the kernel had to drop some (ENOBUFS): look at the
 * whole state again. */
ssize_t netlink_receive(int fd, void *buffer, size_t size);

#endif
