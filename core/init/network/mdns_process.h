/* The process that answers for the device's name in multicast DNS, on all its interfaces, by IPv4
 * and IPv6. As with DHCP, what comes from the network is never parsed by root: it opens its
 * sockets, then gives up every right. Which addresses there are it asks the kernel, each time. */
#ifndef FAPWS4_INIT_MDNS_PROCESS_H
#define FAPWS4_INIT_MDNS_PROCESS_H

#include <sys/types.h>

/* Forks the process; its pid, or -1 with errno set. *reports becomes a non-blocking
 * SOCK_SEQPACKET descriptor on which each packet is the number of the name that is now the device's:
 * an int, 1 for "hello.local", 2 for "hello-2.local". When that is closed the process says to all that
 * the name is given up, and ends. */
pid_t mdns_process_start(const char *hostname, int *reports);

#endif
