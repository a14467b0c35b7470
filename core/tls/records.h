/* The record layer of TLS 1.3 behind the handshake, in memory (RFC 8446, 4.6.3, 5 and 6). OpenSSL's
 * own does the same in three times as many instructions. */
#ifndef FAPWS4_TLS_RECORDS_H
#define FAPWS4_TLS_RECORDS_H

#include "../tls.h"
#include "protection.h"

enum { ALERT_SIZE = 2, KEY_UPDATE_SIZE = 5 };

/* The last byte of a KeyUpdate. */
enum { UPDATE_NOT_REQUESTED, UPDATE_REQUESTED };

/* Zeroed is legal to finish. Both protections have begun before anything else is called. */
struct records {
    struct protection reads, writes;
    struct buffer partial; /* the beginning of a record whose rest has not come */
    struct buffer surplus; /* content for which there was no room */
    unsigned char message[KEY_UPDATE_SIZE]; /* the beginning of one */
    unsigned char message_length;
    unsigned char idle;  /* records without data, since one that had some */
    unsigned char alert; /* the client's reason why it failed; 0: none */
    bool ended;          /* the client will send no more */
    bool said_end;       /* we will not */
};

/* As tls_read and so on (../tls.h). After TLS_FAILED only records_finish is legal. */
enum tls_result records_read(struct records *records, struct slice *received, struct buffer *output,
                             char *room, size_t size, size_t *count);
bool records_write(struct records *records, struct slice head, struct slice tail,
                   struct buffer *output);
void records_farewell(struct records *records, struct buffer *output);

/* What the reader has to say: that it takes no more, and why (an SSL_AD_), always TLS_FAILED; and that
 * other keys follow. */
enum tls_result records_fail(struct records *records, int description, struct buffer *output);
bool records_renew_keys(struct records *records, struct buffer *output);

/* Takes at most so many bytes from the front. */
static inline struct slice slice_cut(struct slice *slice, size_t most)
{
    struct slice front = {slice->data, slice->length < most ? slice->length : most};

    if (front.length > 0)
        slice->data += front.length;
    slice->length -= front.length;
    return front;
}

/* Forgets keys and content. */
void records_finish(struct records *records);

#endif
