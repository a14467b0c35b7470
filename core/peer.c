#include "peer.h"

#include <arpa/inet.h>
#include <string.h>

void peer_read(struct peer *peer, const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        peer->family = PEER_V4;
        peer->port = ntohs(v4.sin_port);
        memcpy(peer->address, &v4.sin_addr, sizeof(v4.sin_addr));
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        peer->family = PEER_V6;
        peer->port = ntohs(v6.sin6_port);
        memcpy(peer->address, &v6.sin6_addr, sizeof(v6.sin6_addr));
    }
}

void peer_write(const struct peer *peer, char text[PEER_TEXT_SIZE])
{
    text[0] = '\0';
    if (peer->family != PEER_UNIX)
        inet_ntop(peer->family == PEER_V6 ? AF_INET6 : AF_INET, peer->address, text,
                  PEER_TEXT_SIZE);
}
