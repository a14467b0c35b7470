#include "announce.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void announce_address(const struct address *address, int workers)
{
    const char *scheme = address->is_secure ? "https://" : "http://";
    char text[ADDRESS_TEXT], by[32] = "";

    address_text(address, text);
    if (address->is_unix)
        scheme = "";
    if (workers > 1)
        snprintf(by, sizeof(by), " (%d workers)", workers);
    fprintf(stderr, "fapws4: listening on %s%s%s%s\n", scheme, text,
            address->is_unix ? "" : "/", by);
}

void announce_failure(const struct address *address, int error)
{
    char text[ADDRESS_TEXT];

    address_text(address, text);
    if (error == EADDRINUSE)
        fprintf(stderr,
                "fapws4: %s is in use by another program; choose another with --server %s\n", text,
                address->is_unix ? "unix:PATH" : "ADDR:PORT");
    else
        fprintf(stderr, "fapws4: cannot listen on %s: %s\n", text, strerror(error));
}

void announce_ready(int descriptor, const struct address *address)
{
    if (descriptor < 0)
        return;
    if (dprintf(descriptor, "listening %s %d%s\n", address->host, address->port,
                address->is_secure ? " https" : "") < 0)
        perror("fapws4: FAPWS_READY_FD");
    close(descriptor);
}
