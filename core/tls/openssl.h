/* What the files of core/tls/ share: the only ones that know OpenSSL. */
#ifndef FAPWS4_TLS_OPENSSL_H
#define FAPWS4_TLS_OPENSSL_H

#include "records.h"

#include <openssl/ssl.h>

enum { TLS_COMPLAINTS = 16 };

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *memory; /* where sessions read and write */
    unsigned long said[TLS_COMPLAINTS]; /* reasons that were in the log already */
    int said_count;
};

struct tls_session {
    SSL *ssl; /* NULL behind a handshake of TLS 1.3 */
    struct records records; /* instead; before, the secrets that they will need */
    struct slice received; /* during a call: what the client sent */
    struct buffer *output; /* ... and what is for it */
    unsigned long reason;  /* OpenSSL's number for why it failed; 0 while it has not */
    bool starved; /* the last call wanted more than was received */
    bool failed;
};

struct tls_context *tls_load(const struct tls_pair *pair, char fault[TLS_FAULT]);
void tls_unload(struct tls_context *context);

/* The kind of BIO that reads from session->received and writes to session->output. NULL when memory
 * is out. */
BIO_METHOD *tls_memory(void);

/* Has the sessions of a context note what the records behind their handshakes need. */
void tls_note_secrets(SSL_CTX *ssl);

struct tls_session *tls_begin(struct tls_context *context);
void tls_end(struct tls_session *session);
bool tls_keep_memory(struct tls_session *session);
void tls_give_memory(struct tls_session *session);
enum tls_result tls_read(struct tls_session *session, struct slice *received, struct buffer *output,
                         char *room, size_t size, size_t *count);
const char *tls_complaint(const struct tls_session *session, struct tls_context *context);
bool tls_write(struct tls_session *session, struct slice head, struct slice tail,
               struct buffer *output);
void tls_farewell(struct tls_session *session, struct buffer *output);

bool tls_issue(const char *const *names, struct buffer *certificate, struct buffer *key);
bool tls_fingerprint(struct slice certificate, char text[TLS_FINGERPRINT]);
void tls_names(struct slice certificate, struct buffer *names);
size_t tls_ask(int connected, struct slice question, char *answer, size_t size);

#endif
