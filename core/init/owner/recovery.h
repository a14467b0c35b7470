/* The recovery pages: this same binary as another unprivileged program (face.h), started when
 * somebody connects (activated.h). */
#ifndef FAPWS4_INIT_RECOVERY_H
#define FAPWS4_INIT_RECOVERY_H

#include <sys/types.h>

#include "activated.h"

struct recovery {
    bool secure; /* https, and so the device can be changed; else http, to be looked at */
    int output;  /* where the program's lines go */
    const char *names; /* that the certificate is for, told to the program; NULL = none */
    struct activated process;
};

/* Listens. With `secure` there must be a certificate (certificate.h). 0 or an errno value. */
int recovery_open(struct recovery *recovery, struct loop *loop, bool secure, int output);

/* "https://HOST:PORT/" into url[128]; host is an IPv4 address. */
void recovery_url(const struct recovery *recovery, const char *host, char url[128]);

/* To be told that the certificate is another one. */
void recovery_renew(struct recovery *recovery);

/* To be told of every process that has been reaped. True when it was this one. */
bool recovery_reaped(struct recovery *recovery, pid_t pid, int status);

#endif
