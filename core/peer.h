/* The other end of a connection. */
#ifndef FAPWS4_PEER_H
#define FAPWS4_PEER_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Zeroed: a unix socket, whose ends have no names. */
struct peer {
    uint64_t number;           /* of no other connection before or after; not from its address */
    unsigned char address[16]; /* 4 or 16 bytes in network order */
    uint16_t port;
    unsigned char family; /* enum peer_family */
};

enum peer_family { PEER_UNIX, PEER_V4, PEER_V6 };

enum { PEER_TEXT_SIZE = 46 }; /* INET6_ADDRSTRLEN */

/* Takes family, address and port; other families than AF_INET and AF_INET6 leave it as it is. */
void peer_read(struct peer *peer, const struct sockaddr *address);

/* Writes "192.0.2.1", "2001:db8::1" or "". */
void peer_write(const struct peer *peer, char text[PEER_TEXT_SIZE]);

#endif
