#include "records.h"

#include "../limits.h"

#include <openssl/ssl.h>

enum { ALERT_WARNING = 1, ALERT_FATAL = 2 };

static void copy(unsigned char **to, struct slice from)
{
    if (from.length > 0)
        memcpy(*to, from.data, from.length);
    *to += from.length;
}

static bool put_record(struct records *records, unsigned char type, struct slice head,
                       struct slice tail, struct buffer *output)
{
    size_t inner = head.length + tail.length + 1, length = RECORD_HEADER + inner + RECORD_TAG;
    unsigned char *record, *at;

    if (!buffer_reserve(output, length))
        return false;
    record = (unsigned char *)output->data + output->length;
    at = record + RECORD_HEADER;
    copy(&at, head);
    copy(&at, tail);
    *at = type;
    if (!protection_seal(&records->writes, record, inner))
        return false;
    output->length += length;
    return true;
}

static bool put_small(struct records *records, unsigned char type, const void *data, size_t length,
                      struct buffer *output)
{
    return put_record(records, type, (struct slice){data, length}, (struct slice){NULL, 0}, output);
}

static bool put_alert(struct records *records, int level, int description, struct buffer *output)
{
    const unsigned char alert[ALERT_SIZE] = {(unsigned char)level, (unsigned char)description};

    return put_small(records, SSL3_RT_ALERT, alert, sizeof(alert), output);
}

bool records_renew_keys(struct records *records, struct buffer *output)
{
    static const unsigned char update[KEY_UPDATE_SIZE] = {SSL3_MT_KEY_UPDATE, 0, 0, 1,
                                                          UPDATE_NOT_REQUESTED};

    return put_small(records, SSL3_RT_HANDSHAKE, update, sizeof(update), output) &&
           protection_advance(&records->writes);
}

bool records_write(struct records *records, struct slice head, struct slice tail,
                   struct buffer *output)
{
    if (records->said_end)
        return false;
    while (head.length + tail.length > 0) {
        struct slice first = slice_cut(&head, RECORD_DATA);
        struct slice second = slice_cut(&tail, RECORD_DATA - first.length);

        if (records->writes.sequence >= LIMIT_TLS_KEY_RECORDS && !records_renew_keys(records, output))
            return false;
        if (!put_record(records, SSL3_RT_APPLICATION_DATA, first, second, output))
            return false;
    }
    return true;
}

void records_farewell(struct records *records, struct buffer *output)
{
    if (!records->said_end)
        put_alert(records, ALERT_WARNING, SSL_AD_CLOSE_NOTIFY, output);
    records->said_end = true;
}

enum tls_result records_fail(struct records *records, int description, struct buffer *output)
{
    if (!records->said_end)
        put_alert(records, ALERT_FATAL, description, output);
    records->said_end = true;
    return TLS_FAILED;
}
