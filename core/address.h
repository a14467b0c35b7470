/* Where the server listens, as text and as a value. */
#ifndef FAPWS4_ADDRESS_H
#define FAPWS4_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ADDRESS_DEFAULT_PORT = 8888,
    ADDRESS_TEXT = 128 /* bytes that hold any address as text */
};

struct address {
    bool is_unix;
    bool is_v6;
    bool is_secure; /* what is spoken there is https; not a part of the text */
    char host[108]; /* an IP address, or the path of a unix socket (sun_path of unix(7)) */
    int port;       /* 0 lets the system choose; 0 for a unix socket */
};

/* Reads `ip`, `ip:port`, `:port`, `[v6]`, `[v6]:port`, `unix:/path` or "" (everything default:
 * 0.0.0.0 and `default_port`). False when the text is none of these or the port is above 65535.
 * Names are not resolved: a device must come up without a name server. */
bool address_parse(const char *text, int default_port, struct address *address);

/* The address as address_parse reads it, the port included, into text[ADDRESS_TEXT]. */
void address_text(const struct address *address, char *text);

#endif
