#include "openssl.h"

#include <openssl/err.h>
#include <openssl/x509err.h>

#include <errno.h>
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

/* ---- the files ---- */

static bool blame(char fault[TLS_FAULT], const char *file, const char *what)
{
    snprintf(fault, TLS_FAULT, "%s: %s", file, what);
    return false;
}

/* With OpenSSL's own words behind it: those of the first error, the others are what it led to. */
static bool blame_openssl(char fault[TLS_FAULT], const char *file, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    snprintf(fault, TLS_FAULT, "%s: %s (%s)", file, what, reason != NULL ? reason : "no reason");
    return false;
}

static bool is_readable(const char *file, char fault[TLS_FAULT])
{
    FILE *stream = fopen(file, "r");

    if (stream == NULL)
        return blame(fault, file, strerror(errno));
    fclose(stream);
    return true;
}

static bool is_mismatch(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_X509 &&
           (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

static bool read_key(SSL_CTX *ssl, const char *key, char fault[TLS_FAULT])
{
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) == 1)
        return SSL_CTX_check_private_key(ssl) == 1 ||
               blame(fault, key, "is not the key of the certificate");
    if (is_mismatch(ERR_peek_last_error()))
        return blame(fault, key, "is not the key of the certificate");
    return blame_openssl(fault, key, "holds no private key in PEM form that needs no password");
}

static bool read_files(SSL_CTX *ssl, const char *certificate, const char *key,
                       char fault[TLS_FAULT])
{
    if (!is_readable(certificate, fault) || !is_readable(key, fault))
        return false;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ssl, certificate) != 1)
        return blame_openssl(fault, certificate, "holds no certificate in PEM form that can be used");
    return read_key(ssl, key, fault);
}

/* ---- the context ---- */

struct tls_context *tls_load(const char *certificate, const char *key, char fault[TLS_FAULT])
{
    struct tls_context *context = calloc(1, sizeof(*context));

    if (context == NULL || (context->ssl = SSL_CTX_new(TLS_server_method())) == NULL ||
        (context->memory = tls_memory()) == NULL)
        blame(fault, certificate, "memory is out");
    else if (!configure(context->ssl))
        blame_openssl(fault, certificate, "this OpenSSL does not do what is needed");
    else if (read_files(context->ssl, certificate, key, fault))
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
