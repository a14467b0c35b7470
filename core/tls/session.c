#include "openssl.h"

#include <openssl/err.h>

#include <limits.h>
#include <stdlib.h>

/* ---- memory instead of a socket ---- */

static int on_bio_read(BIO *bio, char *data, size_t size, size_t *count)
{
    struct tls_session *session = BIO_get_data(bio);
    size_t length = session->received.length < size ? session->received.length : size;

    BIO_clear_retry_flags(bio);
    session->starved = length == 0;
    if (length == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(data, session->received.data, length);
    session->received.data += length;
    session->received.length -= length;
    *count = length;
    return 1;
}

static int on_bio_write(BIO *bio, const char *data, size_t length, size_t *count)
{
    struct tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    buffer_append(session->output, data, length);
    *count = length;
    return session->output->failed ? 0 : 1;
}

static long on_bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_memory(void)
{
    static BIO_METHOD *memory; /* for all contexts: sessions outlive theirs */

    if (memory != NULL)
        return memory;
    memory = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fapws4");
    if (memory != NULL) {
        BIO_meth_set_read_ex(memory, on_bio_read);
        BIO_meth_set_write_ex(memory, on_bio_write);
        BIO_meth_set_ctrl(memory, on_bio_control);
    }
    return memory;
}

/* ---- beginning and end ---- */

struct tls_session *tls_begin(struct tls_context *context)
{
    struct tls_session *session = calloc(1, sizeof(*session));
    BIO *bio;

    if (session == NULL || (session->ssl = SSL_new(context->ssl)) == NULL ||
        (bio = BIO_new(context->memory)) == NULL) {
        tls_end(session);
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_accept_state(session->ssl);
    return session;
}

void tls_keep_memory(struct tls_session *session)
{
    SSL_clear_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
}

/* What is in use now is given back behind it, by the mode. */
void tls_give_memory(struct tls_session *session)
{
    SSL_set_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_free_buffers(session->ssl);
}

void tls_end(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    free(session);
}

/* ---- bytes ---- */

/* The client said that it sends no more: it did not report a failure, behind which the handshake counts
 * as unfinished. SSL_get_error is not asked, here and for waiting: it takes an error that somebody left
 * in the queue for the session's own, and to see before every call that there is none costs 200
 * instructions. */
static bool has_ended(const SSL *ssl)
{
    return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && SSL_is_init_finished(ssl);
}

enum tls_result tls_read(struct tls_session *session, struct slice *received, struct buffer *output,
                         char *room, size_t size, size_t *count)
{
    int done;

    if (session->failed)
        return TLS_FAILED;
    session->received = *received;
    session->output = output;
    session->starved = false;
    done = SSL_read_ex(session->ssl, room, size, count);
    *received = session->received;
    if (done == 1)
        return TLS_DATA;
    if (session->starved)
        return TLS_WAITING;
    if (has_ended(session->ssl))
        return TLS_ENDED;
    session->failed = true;
    session->reason = ERR_peek_last_error();
    ERR_clear_error();
    return TLS_FAILED;
}

bool tls_write(struct tls_session *session, struct slice data, struct buffer *output)
{
    size_t written;

    if (session->failed || !SSL_is_init_finished(session->ssl))
        return false;
    if (data.length == 0)
        return true;
    session->output = output;
    if (SSL_write_ex(session->ssl, data.data, data.length, &written) == 1)
        return true;
    session->failed = true;
    ERR_clear_error();
    return false;
}

void tls_farewell(struct tls_session *session, struct buffer *output)
{
    if (session->failed || !SSL_is_init_finished(session->ssl) ||
        (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) != 0)
        return;
    session->output = output;
    SSL_shutdown(session->ssl);
    ERR_clear_error();
}

/* ---- what goes wrong ---- */

/* Clients that do not like the certificate, or that are too old. Noise of scanners is not worth a
 * line. */
static bool is_worth_a_line(int reason)
{
    return reason >= SSL_AD_REASON_OFFSET || reason == SSL_R_UNSUPPORTED_PROTOCOL ||
           reason == SSL_R_NO_SHARED_CIPHER || reason == SSL_R_NO_SUITABLE_KEY_SHARE ||
           reason == SSL_R_NO_SHARED_GROUPS || reason == SSL_R_NO_APPLICATION_PROTOCOL;
}

const char *tls_complaint(const struct tls_session *session, struct tls_context *context)
{
    unsigned long reason = session->reason;

    if (ERR_GET_LIB(reason) != ERR_LIB_SSL || !is_worth_a_line(ERR_GET_REASON(reason)) ||
        context->said_count == TLS_COMPLAINTS)
        return NULL;
    for (int i = 0; i < context->said_count; i++)
        if (context->said[i] == reason)
            return NULL;
    context->said[context->said_count++] = reason;
    return ERR_reason_error_string(reason);
}
