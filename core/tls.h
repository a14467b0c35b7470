/* The door to OpenSSL. No type of it shows here: a program that serves no https holds none of it, and
 * the host's loads it only for an app that sets TLS. */
#ifndef FAPWS4_TLS_H
#define FAPWS4_TLS_H

#include "buffer.h"

enum {
    TLS_FAULT = 512,     /* bytes of a text that says what is wrong */
    TLS_FINGERPRINT = 96 /* bytes of one as text */
};

/* A certificate, with its chain behind it, and its key, both PEM; one text may hold the two. The names
 * are what a fault calls them. */
struct tls_pair {
    const char *certificate_name, *key_name;
    struct slice certificate, key;
};

/* Certificate and key, and what is agreed on with every client. */
struct tls_context;

/* One client. */
struct tls_session;

enum tls_result {
    TLS_DATA,    /* some bytes were decrypted */
    TLS_WAITING, /* all was taken, more is needed */
    TLS_ENDED,   /* the client will send no more */
    TLS_FAILED   /* nothing more can be read or written */
};

/* The functions of core/tls/. What is to be sent is appended to an `output`; all of it is sent, also
 * after a failure: it holds the reason for the client then. */
struct tls_library {
    /* Reads a pair. NULL with one line in `fault` that begins with one of its names. */
    struct tls_context *(*load)(const struct tls_pair *pair, char fault[TLS_FAULT]);
    /* Sessions go on with what they have. NULL is legal. */
    void (*unload)(struct tls_context *context);
    /* NULL when memory is out. */
    struct tls_session *(*begin)(struct tls_context *context);
    void (*end)(struct tls_session *session);
    /* From now on the memory for records of TLS 1.2 (33 KB) is kept from one to the next, which saves
     * the time to allocate it: false when the session needs none; and: it is given back, and again
     * behind every record. */
    bool (*keep_memory)(struct tls_session *session);
    void (*give_memory)(struct tls_session *session);
    /* Decrypts into `room`; takes what it needs from the front of `received`. The handshake happens
     * in here. */
    enum tls_result (*read)(struct tls_session *session, struct slice *received,
                            struct buffer *output, char *room, size_t size, size_t *count);
    /* Why it failed, when someone should know and has not been told before, else NULL. */
    const char *(*complaint)(const struct tls_session *session, struct tls_context *context);
    /* Encrypts `head`, then `tail`. False before the end of the handshake and after a failure. */
    bool (*write)(struct tls_session *session, struct slice head, struct slice tail,
                  struct buffer *output);
    /* Tells the client that nothing follows. */
    void (*farewell)(struct tls_session *session, struct buffer *output);
    /* Makes a key (P-256) and a certificate that it signs itself, valid whatever the clock shows,
     * for these names and IP addresses, the first of which is its subject; NULL ends them. Both are
     * appended as PEM. */
    bool (*issue)(const char *const *names, struct buffer *certificate, struct buffer *key);
    /* The SHA-256 of the first certificate in a PEM text, "AB:CD:..." False when there is none. */
    bool (*fingerprint)(struct slice certificate, char text[TLS_FINGERPRINT]);
    /* Appends the host names that it is for, each with a space behind it; none of those that hold
     * something else than letters, digits, hyphens, dots and a star. */
    void (*names)(struct slice certificate, struct buffer *names);
    /* As a client who trusts anybody: one question on a connected socket that blocks, and the first
     * bytes of the answer, up to its end or to `size`. How many they are: 0 when it failed. */
    size_t (*ask)(int connected, struct slice question, char *answer, size_t size);
};

/* core/tls/library.c */
extern const struct tls_library tls_openssl;

/* What this program has of it; NULL with a remedy in `fault`. Either tls_host.c is linked or
 * frozen/tls_frozen.c. */
const struct tls_library *tls_library(char fault[TLS_FAULT]);

#endif
