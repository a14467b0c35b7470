/* The part of a wire that speaks TLS. Called by wire.c only: received bytes are decrypted straight
 * into the room that the owner gives, and all records that answer one read are written at once. */
#ifndef FAPWS4_WIRE_TLS_H
#define FAPWS4_WIRE_TLS_H

#include "tls_service.h"
#include "wire.h"

struct wire_tls {
    struct tls_service *service;
    struct tls_session *session;
    struct peer peer;     /* for the log: a client that has gone has no address */
    struct buffer held;   /* received, not decrypted: the owner pauses */
    unsigned read_at;     /* the service's second in which something was received */
    bool keeps;           /* is among the service's keepers */
    bool begun;           /* the first byte has come */
    bool deaf;            /* what comes is dropped: it is no TLS, and was told so */
    bool ended;           /* the owner knows that the client will send no more */
    bool paused;
    bool delivering;      /* the owner is called from within wire_tls_receive */
};

/* NULL when memory is out. */
struct wire_tls *wire_tls_create(struct tls_service *service);

/* NULL is legal. */
void wire_tls_destroy(struct wire_tls *tls);

/* To be called every second. */
void wire_tls_tick(struct tls_service *service);

/* Gives the owner what the bytes say, and sends what the handshake answers. */
void wire_tls_receive(struct wire *wire, const char *data, size_t length);

/* Goes on with what came before a pause. */
void wire_tls_resume(struct wire *wire);

/* Encrypts head and tail; the result is valid until wire_tls_settle. False when it cannot be sent. */
bool wire_tls_encrypt(struct wire_tls *tls, struct slice head, struct slice tail,
                      struct slice *records);

/* The record that says that nothing follows; empty when there is none to say. */
struct slice wire_tls_farewell(struct wire_tls *tls);

/* To be called when records were written. */
void wire_tls_settle(struct wire_tls *tls);

#endif
