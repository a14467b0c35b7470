/* The device's certificate: of its own pages, and of an app that says TLS = "device".
 *
 * One that a preseed or the manager has brought stays. Else the device makes one, when it has its
 * first address, for NAME.local, NAME and that address; it stays too, since people know the device
 * by its fingerprint: by name it fits at every address. Only a device that starts with another name
 * makes another one.
 *
 * PID 1 moves the texts without looking into them: they are made and judged by an unprivileged
 * child. */
#ifndef FAPWS4_INIT_CERTIFICATE_H
#define FAPWS4_INIT_CERTIFICATE_H

#include <sys/types.h>

#include "door.h"
#include "../network/lease.h"
#include "../loop.h"

/* Where the recovery process reads them. */
#define CERTIFICATE_PATH DOOR_FOLDER "/certificate.pem"
#define CERTIFICATE_KEY_PATH DOOR_FOLDER "/key.pem"

enum { CERTIFICATE_FINGERPRINT = 96, CERTIFICATE_NAMES = 1024, CERTIFICATE_FAULT = 256 };

/* Where the one comes from that a child is at work on. */
enum certificate_origin {
    CERTIFICATE_KEPT,  /* from /data */
    CERTIFICATE_MADE,
    CERTIFICATE_GIVEN, /* by somebody, just now */
};

struct certificate {
    struct loop *loop;
    const char *hostname;
    pid_t child; /* that makes or judges one; 0 = none */
    enum certificate_origin origin;
    int answer;  /* its pipe, -1 = none */
    size_t used; /* bytes of its answer so far */
    char address[IPV4_TEXT_SIZE]; /* the first that the device had, "" = none yet */
    struct timer patience;        /* how long one is waited for */
    bool impatient;               /* no longer */
    int both; /* a file in memory with certificate and key, open for reading; -1 before there are */
    char fingerprint[CERTIFICATE_FINGERPRINT]; /* "" as long as there is no certificate */
    char names[CERTIFICATE_NAMES]; /* that it is for, each with a blank behind it */
    char fault[CERTIFICATE_FAULT]; /* of the last one that was given; "" = it is in force */
    void (*changed)(void *owner);
    void *owner;
};

/* To be called when the storage has settled: takes what is kept there. changed(owner) is called
 * whenever there is a certificate, or another one. `hasty`: one is made after POLICY_CERTIFICATE_WAIT
 * although there is no address. */
void certificate_open(struct certificate *certificate, struct loop *loop, const char *hostname,
                      bool hasty, void (*changed)(void *), void *owner);

/* To be told of every address: the first is what one is made for, unless there is one. */
void certificate_need(struct certificate *certificate, const char *address);

/* Begins to judge a certificate, its chain behind it, and its key, both PEM; it takes the place of the
 * old one, for good, if it is sound. False when another one is at work. */
bool certificate_give(struct certificate *certificate, struct span given, struct span key);

/* True while a child is at work. */
bool certificate_is_busy(const struct certificate *certificate);

/* To be told of every process that has been reaped. True when it was its child. */
bool certificate_reaped(struct certificate *certificate, pid_t pid);

#endif
