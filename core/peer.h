/* The other end of a connection. */
#ifndef FAPWS4_PEER_H
#define FAPWS4_PEER_H

#include <stddef.h>

struct sockaddr;

/* Zeroed: a unix socket, whose ends have no names. */
struct peer {
    enum { PEER_UNIX, PEER_V4, PEER_V6 } family;
    unsigned char address[16]; /* 4 or 16 bytes in network order */
    int port;
};

enum { PEER_TEXT_SIZE = 46 }; /* INET6_ADDRSTRLEN */

/* Takes family, address and port; other families than AF_INET and AF_INET6 leave it as it is. */
void peer_read(struct peer *peer, const struct sockaddr *address);

/* Writes "192.0.2.1", "2001:db8::1" or "". */
void peer_write(const struct peer *peer, char text[PEER_TEXT_SIZE]);

#endif
