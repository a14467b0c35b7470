#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* An IPv4 client of a socket that serves both is shown as what it is. */
static void read_v6(struct peer *peer, const struct in6_addr *address)
{
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(address);

    peer->family = is_v4 ? PEER_V4 : PEER_V6;
    if (is_v4)
        memcpy(peer->address, address->s6_addr + 12, 4);
    else
        memcpy(peer->address, address->s6_addr, sizeof(address->s6_addr));
}

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
        peer->port = ntohs(v6.sin6_port);
        read_v6(peer, &v6.sin6_addr);
    }
}

void peer_write(const struct peer *peer, char text[PEER_TEXT_SIZE])
{
    text[0] = '\0';
    if (peer->family != PEER_UNIX)
        inet_ntop(peer->family == PEER_V6 ? AF_INET6 : AF_INET, peer->address, text,
                  PEER_TEXT_SIZE);
}
