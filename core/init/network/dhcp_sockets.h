/* The sockets of an interface's DHCP process, opened while it is still root; all are non-blocking. */
#ifndef FAPWS4_INIT_DHCP_SOCKETS_H
#define FAPWS4_INIT_DHCP_SOCKETS_H

/* Each: the descriptor, or -1 with errno set. */

/* IPv4 packets with a DHCP server's answers, and to everybody. */
int dhcp_link_socket(int index);

/* UDP to one server. */
int dhcp_routed_socket(const char *interface);

/* ARP messages. */
int dhcp_arp_socket(int index);

#endif
