#include "records.h"

#include <openssl/ssl.h>

enum {
    INNER_MOST = RECORD_DATA + 1, /* with the type behind it */
    IDLE_MOST = 32                /* records without data, one after another */
};

/* Where the content of a record was put: in the room, and behind it in the surplus. */
struct opened {
    unsigned char *room, *surplus;
    size_t in_room;
    size_t length;
};

static unsigned char byte_of(const struct opened *opened, size_t at)
{
    return at < opened->in_room ? opened->room[at] : opened->surplus[at - opened->in_room];
}

/* ---- what clients say besides data: TLS_WAITING goes on with the next record ---- */

static enum tls_result take_alert(struct records *records, const struct opened *opened,
                                  struct buffer *output)
{
    if (opened->length != ALERT_SIZE)
        return records_fail(records, SSL_AD_DECODE_ERROR, output);
    switch (byte_of(opened, 1)) { /* the level says nothing any more */
    case SSL_AD_CLOSE_NOTIFY:
        records->ended = true;
        return TLS_WAITING;
    case SSL_AD_USER_CANCELLED: /* its end follows */
        return TLS_WAITING;
    default:
        records->alert = byte_of(opened, 1);
        records->said_end = true; /* an alert is not answered by another */
        return TLS_FAILED;
    }
}

static enum tls_result take_key_update(struct records *records, struct buffer *output)
{
    const unsigned char *message = records->message;

    if (message[1] != 0 || message[2] != 0 || message[3] != 1)
        return records_fail(records, SSL_AD_DECODE_ERROR, output);
    if (message[4] > UPDATE_REQUESTED)
        return records_fail(records, SSL_AD_ILLEGAL_PARAMETER, output);
    if (!protection_advance(&records->reads) ||
        (message[4] == UPDATE_REQUESTED && !records->said_end && !records_renew_keys(records, output)))
        return records_fail(records, SSL_AD_INTERNAL_ERROR, output);
    return TLS_WAITING;
}

/* KeyUpdate is all that a client may say behind the handshake: certificates are not asked for. It may
 * come in pieces, but nothing stands behind it in its record: what follows has other keys. */
static enum tls_result take_handshake(struct records *records, const struct opened *opened,
                                      struct buffer *output)
{
    size_t missing = KEY_UPDATE_SIZE - records->message_length;

    if (opened->length == 0 || opened->length > missing)
        return records_fail(records, SSL_AD_UNEXPECTED_MESSAGE, output);
    for (size_t i = 0; i < opened->length; i++)
        records->message[records->message_length++] = byte_of(opened, i);
    if (records->message[0] != SSL3_MT_KEY_UPDATE)
        return records_fail(records, SSL_AD_UNEXPECTED_MESSAGE, output);
    if (records->message_length < KEY_UPDATE_SIZE)
        return TLS_WAITING;
    records->message_length = 0;
    return take_key_update(records, output);
}

/* ---- reading ---- */

/* Moves bytes to the partial record until it has `goal` of them. */
static bool fill(struct records *records, struct slice *received, size_t goal)
{
    if (goal > records->partial.length)
        buffer_append_slice(&records->partial, slice_cut(received, goal - records->partial.length));
    return records->partial.length >= goal;
}

/* Bytes between header and end; 0 with the reason in `alert`. */
static size_t body_length(const char *data, int *alert)
{
    const unsigned char *header = (const unsigned char *)data;
    size_t length = (size_t)header[3] << 8 | header[4];

    if (header[0] != SSL3_RT_APPLICATION_DATA)
        *alert = SSL_AD_UNEXPECTED_MESSAGE;
    else if (length > INNER_MOST + RECORD_TAG)
        *alert = SSL_AD_RECORD_OVERFLOW;
    else if (length < RECORD_TAG)
        *alert = SSL_AD_BAD_RECORD_MAC;
    else
        return length;
    return 0;
}

/* The next whole record: among what was received, or else in `partial`. */
static enum tls_result next_record(struct records *records, struct slice *received,
                                   struct buffer *output, struct slice *record)
{
    struct buffer *partial = &records->partial;
    bool begun = partial->length > 0;
    size_t length;
    int alert;

    if (!begun && received->length >= RECORD_HEADER) {
        length = body_length(received->data, &alert);
        if (length == 0)
            return records_fail(records, alert, output);
        if (received->length >= RECORD_HEADER + length) {
            *record = slice_cut(received, RECORD_HEADER + length);
            return TLS_DATA;
        }
    }
    if (fill(records, received, RECORD_HEADER)) {
        length = body_length(partial->data, &alert);
        if (length == 0)
            return records_fail(records, alert, output);
        if (fill(records, received, RECORD_HEADER + length)) {
            *record = (struct slice){partial->data, partial->length};
            return TLS_DATA;
        }
    }
    return partial->failed ? records_fail(records, SSL_AD_INTERNAL_ERROR, output) : TLS_WAITING;
}

/* Without padding and the type behind the content, which it returns; 0: there is none. */
static unsigned char strip(struct opened *opened)
{
    while (opened->length > 0) {
        unsigned char last = byte_of(opened, --opened->length);

        if (last != 0)
            return last;
    }
    return 0;
}

static enum tls_result take_data(struct records *records, const struct opened *opened,
                                 size_t *count)
{
    if (opened->length == 0)
        return TLS_WAITING;
    records->idle = 0;
    *count = opened->length < opened->in_room ? opened->length : opened->in_room;
    records->surplus.length = opened->length - *count;
    return TLS_DATA;
}

static enum tls_result take_content(struct records *records, struct opened *opened,
                                    struct buffer *output, size_t *count)
{
    unsigned char type = strip(opened);

    if (type != SSL3_RT_HANDSHAKE && records->message_length > 0)
        return records_fail(records, SSL_AD_UNEXPECTED_MESSAGE, output);
    switch (type) {
    case SSL3_RT_APPLICATION_DATA:
        return take_data(records, opened, count);
    case SSL3_RT_ALERT:
        return take_alert(records, opened, output);
    case SSL3_RT_HANDSHAKE:
        return take_handshake(records, opened, output);
    default:
        return records_fail(records, SSL_AD_UNEXPECTED_MESSAGE, output);
    }
}

/* Decrypts into the room, and only what it does not hold into the surplus. TLS_WAITING: it had no
 * data. */
static enum tls_result take_record(struct records *records, struct slice record,
                                   struct buffer *output, char *room, size_t size, size_t *count)
{
    size_t inner = record.length - RECORD_HEADER - RECORD_TAG;
    struct opened opened = {(unsigned char *)room, NULL, inner < size ? inner : size, inner};

    if (!buffer_reserve(&records->surplus, inner - opened.in_room))
        return records_fail(records, SSL_AD_INTERNAL_ERROR, output);
    opened.surplus = (unsigned char *)records->surplus.data;
    if (!protection_open(&records->reads, (const unsigned char *)record.data, inner, opened.room,
                         opened.in_room, opened.surplus))
        return records_fail(records, SSL_AD_BAD_RECORD_MAC, output);
    return take_content(records, &opened, output, count);
}

/* Memory is kept for what is not whole only. */
static void tidy(struct records *records)
{
    if (records->partial.length > 0)
        buffer_finish(&records->partial);
    if (records->surplus.data != NULL && records->surplus.length == 0)
        buffer_finish(&records->surplus);
}

/* What earlier calls had no room for. */
static size_t take_surplus(struct buffer *surplus, char *room, size_t size)
{
    size_t count = surplus->length < size ? surplus->length : size;

    memcpy(room, surplus->data, count);
    buffer_consume(surplus, count);
    if (surplus->length == 0)
        buffer_finish(surplus);
    return count;
}

enum tls_result records_read(struct records *records, struct slice *received, struct buffer *output,
                             char *room, size_t size, size_t *count)
{
    enum tls_result result;
    struct slice record;

    if (records->surplus.length > 0) {
        *count = take_surplus(&records->surplus, room, size);
        return TLS_DATA;
    }
    while (!records->ended) {
        result = next_record(records, received, output, &record);
        if (result != TLS_DATA)
            return result;
        result = take_record(records, record, output, room, size, count);
        tidy(records);
        if (result == TLS_WAITING && ++records->idle > IDLE_MOST)
            return records_fail(records, SSL_AD_UNEXPECTED_MESSAGE, output);
        if (result != TLS_WAITING)
            return result;
    }
    received->length = 0; /* nobody wants what a client sends behind its end */
    return TLS_ENDED;
}

void records_finish(struct records *records)
{
    protection_finish(&records->reads);
    protection_finish(&records->writes);
    buffer_finish(&records->partial);
    buffer_finish(&records->surplus);
}
