#include "openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509err.h>

#include <stdio.h>
#include <stdlib.h>

/* ---- what is agreed on with clients ---- */

/* http/1.1 is all that is spoken here (RFC 7301); who wants something else only is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                           const unsigned char *offered, unsigned offered_length, void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *found;

    (void)ssl;
    (void)unused;
    if (SSL_select_next_proto(&found, length, ours, sizeof(ours) - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* An encrypted key would have OpenSSL ask on the terminal. */
static int no_password(char *text, int size, int writing, void *unused)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)unused;
    return -1;
}

/* Elliptic curves only, with the hybrid against quantum computers where OpenSSL has it (3.5). Before
 * 3.3 the mark of what may be missing is not understood. */
static bool set_groups(SSL_CTX *ssl)
{
    return SSL_CTX_set1_groups_list(ssl, "?X25519MLKEM768:X25519:P-256:P-384") == 1 ||
           SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") == 1;
}

/* Authenticated encryption with forward secrecy only. AES with 128 bits is what takes least time, 256
 * are for clients that want them. */
static bool set_ciphers(SSL_CTX *ssl)
{
    return SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                         "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

/* TLS 1.2 and 1.3. Clients come back by tickets: nothing is kept for them here. Without reading ahead
 * (SSL_CTX_set_read_ahead), nothing behind the handshake is in OpenSSL when records.h takes over. */
static bool configure(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
    tls_note_secrets(ssl);
    return set_groups(ssl) && set_ciphers(ssl) &&
           SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1;
}

/* ---- certificate and key ---- */

static bool blame(char fault[TLS_FAULT], const char *name, const char *what)
{
    snprintf(fault, TLS_FAULT, "%s: %s", name, what);
    return false;
}

/* With OpenSSL's own words behind it: those of the first error, the others are what it led to. */
static bool blame_openssl(char fault[TLS_FAULT], const char *name, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    snprintf(fault, TLS_FAULT, "%s: %s (%s)", name, what, reason != NULL ? reason : "no reason");
    return false;
}

static bool use_first(SSL_CTX *ssl, BIO *text)
{
    X509 *certificate = PEM_read_bio_X509_AUX(text, NULL, no_password, NULL);
    bool used = certificate != NULL && SSL_CTX_use_certificate(ssl, certificate) == 1;

    X509_free(certificate);
    return used;
}

/* All that follow, to the end of the text. */
static bool use_chain(SSL_CTX *ssl, BIO *text)
{
    X509 *next;

    while ((next = PEM_read_bio_X509(text, NULL, no_password, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(ssl, next) != 1) {
            X509_free(next);
            return false;
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return false;
    ERR_clear_error();
    return true;
}

static bool is_mismatch(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_X509 &&
           (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

static bool use_key(SSL_CTX *ssl, BIO *text)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);
    bool used = key != NULL && SSL_CTX_use_PrivateKey(ssl, key) == 1;

    EVP_PKEY_free(key);
    return used;
}

/* NULL when memory is out. */
static BIO *open_text(struct slice text)
{
    return BIO_new_mem_buf(text.length > 0 ? text.data : "", (int)text.length);
}

static bool read_certificate(SSL_CTX *ssl, const struct tls_pair *pair, char fault[TLS_FAULT])
{
    BIO *text = open_text(pair->certificate);
    bool read;

    ERR_clear_error(); /* of what this OpenSSL does not know yet */
    read = text != NULL && use_first(ssl, text) && use_chain(ssl, text);
    BIO_free(text);
    return read || blame_openssl(fault, pair->certificate_name,
                                 "holds no certificate in PEM form that can be used");
}

static bool read_key(SSL_CTX *ssl, const struct tls_pair *pair, char fault[TLS_FAULT])
{
    BIO *text = open_text(pair->key);
    bool used = text != NULL && use_key(ssl, text);

    BIO_free(text);
    if (used && SSL_CTX_check_private_key(ssl) == 1)
        return true;
    if (used || is_mismatch(ERR_peek_last_error()))
        return blame(fault, pair->key_name, "is not the key of the certificate");
    return blame_openssl(fault, pair->key_name,
                         "holds no private key in PEM form that needs no password");
}

/* ---- the context ---- */

struct tls_context *tls_load(const struct tls_pair *pair, char fault[TLS_FAULT])
{
    struct tls_context *context = calloc(1, sizeof(*context));

    ERR_clear_error();
    if (context == NULL || (context->ssl = SSL_CTX_new(TLS_server_method())) == NULL ||
        (context->memory = tls_memory()) == NULL)
        blame(fault, pair->certificate_name, "memory is out");
    else if (!configure(context->ssl))
        blame_openssl(fault, pair->certificate_name, "this OpenSSL does not do what is needed");
    else if (read_certificate(context->ssl, pair, fault) && read_key(context->ssl, pair, fault))
        return context;
    ERR_clear_error();
    tls_unload(context);
    return NULL;
}

void tls_unload(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}
