/* The certificate of the device's own pages. One that a preseed has brought, or that was made at an
 * earlier boot, stays; else it is made when the device has its first address, so that it can name
 * it. PID 1 moves the texts without looking into them: they are made, and their fingerprint is
 * read, by an unprivileged child. */
#ifndef FAPWS4_INIT_CERTIFICATE_H
#define FAPWS4_INIT_CERTIFICATE_H

#include <sys/types.h>

#include "door.h"
#include "loop.h"

/* Where the recovery process reads them. */
#define CERTIFICATE_PATH DOOR_FOLDER "/certificate.pem"
#define CERTIFICATE_KEY_PATH DOOR_FOLDER "/key.pem"

enum { CERTIFICATE_FINGERPRINT = 96 };

struct certificate {
    struct loop *loop;
    const char *hostname;
    pid_t child; /* that makes it, or reads its fingerprint; 0 = none */
    int answer;  /* its pipe, -1 = none */
    size_t used; /* bytes of its answer so far */
    char fingerprint[CERTIFICATE_FINGERPRINT]; /* "" as long as there is no certificate */
    void (*ready)(void *owner);
    void *owner;
};

/* To be called when the storage has settled: takes what is kept there. ready(owner) is called once
 * there is a certificate, now or later. */
void certificate_open(struct certificate *certificate, struct loop *loop, const char *hostname,
                      void (*ready)(void *), void *owner);

/* Makes one for this address, unless there is one, or will be. */
void certificate_need(struct certificate *certificate, const char *address);

/* To be told of every process that has been reaped. True when it was its child. */
bool certificate_reaped(struct certificate *certificate, pid_t pid);

#endif
