/* The fields that every response carries, rendered once a second instead of once a request. */
#ifndef FAPWS4_BANNER_H
#define FAPWS4_BANNER_H

#include "buffer.h"

#include <time.h>

/* "Server: fapws4\r\n" and "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (IMF-fixdate, RFC 9110 section
 * 5.6.7), side by side in `text`. */
struct banner {
    char text[80];
    size_t server_length;
    size_t length;
};

/* Renders the banner for a moment in seconds since 1970. */
void banner_update(struct banner *banner, time_t now);

#endif
