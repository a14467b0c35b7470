/* How records of TLS 1.3 are encrypted in one direction (RFC 8446, 5.2, 5.3 and 7). */
#ifndef FAPWS4_TLS_PROTECTION_H
#define FAPWS4_TLS_PROTECTION_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_HEADER = 5,
    RECORD_TAG = 16,
    RECORD_DATA = 16384, /* bytes of content, at most */
    NONCE_SIZE = 12,
    SECRET_MOST = 48
};

struct suite;

/* Zeroed is legal to finish. */
struct protection {
    const struct suite *suite;
    EVP_CIPHER_CTX *cipher;
    uint64_t sequence; /* the number of the next record */
    unsigned char iv[NONCE_SIZE];
    unsigned char secret_length; /* 0: there is none yet */
    unsigned char secret[SECRET_MOST]; /* of the traffic */
};

/* Makes the keys from the secret, and leaves the sequence as it is. `suite` is its number in the
 * registry of IANA. False when it is not known here, does not fit the secret, or memory is out. */
bool protection_begin(struct protection *protection, unsigned suite, bool encrypts);

/* The next secret and its keys (7.2); the sequence begins anew. */
bool protection_advance(struct protection *protection);

/* Forgets keys and secret. */
void protection_finish(struct protection *protection);

/* Makes a record where its content stands already: behind RECORD_HEADER bytes, `inner` bytes with the
 * type of the content at their end, before RECORD_TAG bytes. */
bool protection_seal(struct protection *protection, unsigned char *record, size_t inner);

/* Decrypts a record: `inner` bytes between header and tag, the first `count` of them to `first`, the
 * others to `rest`. False when it is not what the client sent: nothing of it may be used then. */
bool protection_open(struct protection *protection, const unsigned char *record, size_t inner,
                     unsigned char *first, size_t count, unsigned char *rest);

#endif
