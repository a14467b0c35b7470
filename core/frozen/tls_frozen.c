/* OpenSSL of a frozen program: linked when the app sets TLS, or reaches ssl or the like. */
#include "../tls.h"

#include <stdio.h>

/* In the file that the builder writes for each program; NULL: without OpenSSL. */
extern const struct tls_library *const tls_linked;

const struct tls_library *tls_library(char fault[TLS_FAULT])
{
    if (tls_linked == NULL)
        snprintf(fault, TLS_FAULT,
                 "OpenSSL is not in this program; assign TLS at the top level of the app's file, "
                 "and build it again");
    return tls_linked;
}
