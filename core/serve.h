/* From an app that is imported to one that is served, and to its end. */
#ifndef FAPWS4_SERVE_H
#define FAPWS4_SERVE_H

#include "privileges.h"
#include "settings.h"
#include "tls_service.h"

/* Where this process serves, and as whom. */
struct post {
    int listener; /* the listening socket */
    int activated; /* the one that was handed over at the start (activation.h), or -1 */
    int channel;  /* to the supervisor, -1 without one */
    const char *access_log; /* instead of the app's, or NULL */
    int ready;    /* the descriptor of FAPWS_READY_FD, or -1 */
    int certificate; /* the descriptor of FAPWS_TLS_FD: the device's, or -1 */
    struct tls_service *tls; /* NULL: plain http */
    struct privileges privileges;
};

/* Serves until it is told to end; the exit code. */
int serve(const struct settings *settings, const struct post *post);

#endif
