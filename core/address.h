/* Where the server listens, as text and as a value. */
#ifndef FAPWS4_ADDRESS_H
#define FAPWS4_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_TEXT = 128 }; /* bytes that hold any address as text */

struct address {
    bool is_unix;
    bool is_v6;
    bool is_secure; /* what is spoken there is https; not a part of the text */
    char host[108]; /* an IP address, or the path of a unix socket (sun_path of unix(7)) */
    int port;       /* 0 lets the system choose; 0 for a unix socket */
};

/* 0.0.0.0:8888 */
extern const struct address address_default;

/* Reads `ip`, `ip:port`, `:port`, `[v6]`, `[v6]:port`, `unix:/path` or "", with the host and port of
 * `defaults` where none is named. False when the text is none of these or the port is above 65535.
 * Names are not resolved: a device must come up without a name server. */
bool address_parse(const char *text, const struct address *defaults, struct address *address);

/* True when nobody but this machine can reach it. */
bool address_is_local(const struct address *address);

/* The address as address_parse reads it, the port included, into text[ADDRESS_TEXT]. */
void address_text(const struct address *address, char *text);

#endif
