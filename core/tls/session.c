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
    SSL_set_app_data(session->ssl, session);
    SSL_set_accept_state(session->ssl);
    return session;
}

bool tls_keep_memory(struct tls_session *session)
{
    if (session->ssl == NULL)
        return false;
    SSL_clear_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
    return true;
}

/* What is in use now is given back behind it, by the mode. */
void tls_give_memory(struct tls_session *session)
{
    if (session->ssl == NULL)
        return;
    SSL_set_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_free_buffers(session->ssl);
}

void tls_end(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    records_finish(&session->records);
    free(session);
}

/* ---- from OpenSSL's handshake to our records, by TLS 1.3 ---- */

/* The secret of a direction, when the line is about it: LABEL RANDOM SECRET. */
static void note_secret(struct protection *protection, const char *label, const char *line)
{
    const char *secret = strrchr(line, ' ');
    size_t length;

    if (strncmp(line, label, strlen(label)) == 0 && secret != NULL &&
        OPENSSL_hexstr2buf_ex(protection->secret, sizeof(protection->secret), &length, secret + 1,
                              '\0') == 1)
        protection->secret_length = (unsigned char)length;
}

static void on_keylog(const SSL *ssl, const char *line)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    note_secret(&session->records.reads, "CLIENT_TRAFFIC_SECRET_0 ", line);
    note_secret(&session->records.writes, "SERVER_TRAFFIC_SECRET_0 ", line);
}

/* OpenSSL sends tickets by the keys that are ours afterwards: such records have numbers, too. */
static void on_message(int writes, int version, int type, const void *data, size_t length, SSL *ssl,
                       void *unused)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    (void)version;
    (void)data;
    (void)length;
    (void)unused;
    if (writes && type == SSL3_RT_HEADER && session->records.writes.secret_length > 0)
        session->records.writes.sequence++;
}

void tls_note_secrets(SSL_CTX *ssl)
{
    SSL_CTX_set_keylog_callback(ssl, on_keylog);
    SSL_CTX_set_msg_callback(ssl, on_message);
}

/* OpenSSL has taken exactly the client's part of the handshake, and is not needed any more. */
static bool take_over(struct tls_session *session)
{
    const unsigned suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(session->ssl));
    const bool clean = SSL_has_pending(session->ssl) == 0;

    SSL_free(session->ssl);
    session->ssl = NULL;
    return clean && protection_begin(&session->records.reads, suite, false) &&
           protection_begin(&session->records.writes, suite, true);
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

static bool is_established(const struct tls_session *session)
{
    return !session->failed && (session->ssl == NULL || SSL_is_init_finished(session->ssl));
}

static enum tls_result fail(struct tls_session *session, unsigned long reason)
{
    session->failed = true;
    session->reason = reason;
    ERR_clear_error();
    return TLS_FAILED;
}

/* Why a call of OpenSSL was not done. */
static enum tls_result explain(struct tls_session *session)
{
    if (session->starved)
        return TLS_WAITING;
    if (has_ended(session->ssl))
        return TLS_ENDED;
    return fail(session, ERR_peek_last_error());
}

/* TLS_DATA: records can be read. */
static enum tls_result shake_hands(struct tls_session *session)
{
    if (SSL_do_handshake(session->ssl) != 1)
        return explain(session);
    if (SSL_version(session->ssl) == TLS1_3_VERSION && !take_over(session))
        return fail(session, ERR_peek_last_error());
    return TLS_DATA;
}

/* The handshake, and records of TLS 1.2. */
static enum tls_result read_by_openssl(struct tls_session *session, struct slice *received,
                                       struct buffer *output, char *room, size_t size,
                                       size_t *count)
{
    enum tls_result result = TLS_DATA;

    session->received = *received;
    session->output = output;
    session->starved = false;
    if (!SSL_is_init_finished(session->ssl))
        result = shake_hands(session);
    if (result == TLS_DATA && session->ssl != NULL &&
        SSL_read_ex(session->ssl, room, size, count) != 1)
        result = explain(session);
    *received = session->received;
    return result;
}

static enum tls_result read_records(struct tls_session *session, struct slice *received,
                                    struct buffer *output, char *room, size_t size, size_t *count)
{
    const enum tls_result result =
        records_read(&session->records, received, output, room, size, count);
    const unsigned char alert = session->records.alert;

    if (result != TLS_FAILED)
        return result;
    return fail(session, alert > 0 ? ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert) : 0);
}

enum tls_result tls_read(struct tls_session *session, struct slice *received, struct buffer *output,
                         char *room, size_t size, size_t *count)
{
    if (session->failed)
        return TLS_FAILED;
    if (session->ssl != NULL) {
        enum tls_result result = read_by_openssl(session, received, output, room, size, count);

        if (result != TLS_DATA || session->ssl != NULL)
            return result;
    }
    return read_records(session, received, output, room, size, count);
}

static bool write_by_openssl(struct tls_session *session, struct slice data)
{
    size_t written;

    return data.length == 0 || SSL_write_ex(session->ssl, data.data, data.length, &written) == 1;
}

bool tls_write(struct tls_session *session, struct slice head, struct slice tail,
               struct buffer *output)
{
    if (!is_established(session))
        return false;
    session->output = output;
    if (session->ssl == NULL ? records_write(&session->records, head, tail, output)
                             : write_by_openssl(session, head) && write_by_openssl(session, tail))
        return true;
    fail(session, 0);
    return false;
}

void tls_farewell(struct tls_session *session, struct buffer *output)
{
    if (!is_established(session))
        return;
    if (session->ssl == NULL) {
        records_farewell(&session->records, output);
        return;
    }
    if ((SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) != 0)
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
