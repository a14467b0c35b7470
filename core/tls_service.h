/* What all connections of a server that speaks https share: OpenSSL, the certificate, and memory. */
#ifndef FAPWS4_TLS_SERVICE_H
#define FAPWS4_TLS_SERVICE_H

#include "limits.h"
#include "tls.h"

struct wire_tls;

/* Where a certificate, with its chain, and its key are read from, PEM both. */
struct tls_source {
    const char *certificate, *key; /* two files: the caller's, for as long as the service lives ... */
    int descriptor;                /* ... or, when they are NULL, what holds the two */
};

/* Zeroed: plain http. */
struct tls_service {
    const struct tls_library *library;
    struct tls_context *context;
    struct tls_source source;
    char *received;       /* LIMIT_READ bytes: what the socket gave */
    struct buffer output; /* what is to be sent, before it is written */
    unsigned seconds;     /* counted since the start */
    struct wire_tls *keepers[LIMIT_TLS_KEEPERS]; /* who keeps memory for records */
    int keeper_count;
};

/* Reads certificate and key. False after one line on stderr that names TLS and the file.
 * tls_service_finish is due in any case. */
bool tls_service_init(struct tls_service *service, const struct tls_source *source);

/* Reads both anew, for new clients; when they are not good, the old ones stay in force: false
 * after one line on stderr. `service` is a struct tls_service. */
bool tls_service_reload(void *service);

/* Legal on a zeroed service. */
void tls_service_finish(struct tls_service *service);

#endif
