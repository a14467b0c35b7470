/* The sockets of the multicast DNS process: one for each IP version, on all interfaces. */
#ifndef FAPWS4_INIT_MDNS_SOCKETS_H
#define FAPWS4_INIT_MDNS_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "mdns.h"

/* A message, and where it came from. */
struct mdns_letter {
    int index; /* of the interface */
    struct sockaddr_storage sender;
    socklen_t sender_size;
    uint16_t port; /* the sender's */
    uint8_t message[9000];
    size_t length;
};

/* Non-blocking; -1 with errno set when it cannot be opened. */
int mdns_socket4(void);
int mdns_socket6(void);

/* Hears what is sent to all on an interface; again is no error. */
void mdns_join(int fd4, int fd6, int index);

/* False when nothing is there. */
bool mdns_receive_letter(int fd, struct mdns_letter *letter);

/* To all on an interface, or to the sender of a letter. What cannot be sent is lost. */
void mdns_send_to_all(int fd, bool ipv6, int index, const uint8_t *message, size_t length);
void mdns_reply(int fd, const struct mdns_letter *letter, const uint8_t *message, size_t length);

#endif
