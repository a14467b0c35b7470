#include "request_fields.h"

#include "character.h"
#include "target.h"

/* 1*DIGIT (RFC 9110 section 8.6); more than 19 digits cannot be a length that anyone accepts. A
 * second Content-Length is refused even when it repeats the first: no client needs that. */
static int note_content_length(struct request_fields *fields, struct slice value)
{
    uint64_t length = 0;

    if (fields->has_content_length || value.length == 0)
        return 400;
    for (size_t i = 0; i < value.length; i++) {
        if (!character_is(value.data[i], CHARACTER_DIGIT))
            return 400;
        length = i < 19 ? length * 10 + (uint64_t)(value.data[i] - '0') : UINT64_MAX;
    }
    fields->has_content_length = true;
    fields->content_length = length;
    return 0;
}

/* Only a single "chunked" is implemented. A list that mentions it otherwise is ambiguous (400),
 * another coding is unknown (501, RFC 9112 section 6.1). */
static int note_transfer_encoding(struct request_fields *fields, struct slice value)
{
    if (fields->chunked)
        return 400;
    if (slice_is(value, SLICE("chunked"))) {
        fields->chunked = true;
        return 0;
    }
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == ',')
            return 400;
    }
    return 501;
}

/* A list of options in any order (RFC 9110 section 7.6.1); "close" wins. */
static void note_connection(struct request_fields *fields, struct slice value)
{
    while (value.length > 0) {
        const char *comma = memchr(value.data, ',', value.length);
        size_t length = comma != NULL ? (size_t)(comma - value.data) : value.length;
        struct slice option = slice_trim((struct slice){value.data, length});
        if (slice_is(option, SLICE("close")))
            fields->close = true;
        else if (slice_is(option, SLICE("keep-alive")))
            fields->keep_alive = true;
        length += comma != NULL;
        value = (struct slice){value.data + length, value.length - length};
    }
}

static int note_host(struct request_fields *fields, struct slice value)
{
    if (fields->host.data != NULL || !host_is_valid(value))
        return 400;
    fields->host = value;
    return 0;
}

static int note_expect(struct request_fields *fields, struct slice value)
{
    if (fields->minor_version == 0)
        return 0;
    if (!slice_is(value, SLICE("100-continue")))
        return 417;
    fields->expects_continue = true;
    return 0;
}

/* A second one makes a list of both, which is not looked at here. */
static void note_accept_encoding(struct request_fields *fields, struct slice value)
{
    fields->conditional |= fields->accept_encoding.data != NULL;
    fields->accept_encoding = value;
}

/* True for If-Match and its like (RFC 9110 section 13.1), and for If-Range. */
static bool is_condition(struct slice name)
{
    switch (name.length) {
    case 8:
        return slice_is(name, SLICE("if-match")) || slice_is(name, SLICE("if-range"));
    case 13:
        return slice_is(name, SLICE("if-none-match"));
    case 17:
        return slice_is(name, SLICE("if-modified-since"));
    case 19:
        return slice_is(name, SLICE("if-unmodified-since"));
    default:
        return false;
    }
}

/* Judges one field; 0, or the status to refuse with. */
static int note_field(struct request_fields *fields, const struct phr_header *header)
{
    struct slice name = {header->name, header->name_len};
    struct slice value = {header->value, header->value_len};

    fields->conditional |= (name.data[0] | 0x20) == 'i' && is_condition(name);
    switch (name.length) {
    case 4:
        return slice_is(name, SLICE("host")) ? note_host(fields, value) : 0;
    case 5:
        fields->conditional |= slice_is(name, SLICE("range"));
        return 0;
    case 6:
        return slice_is(name, SLICE("expect")) ? note_expect(fields, value) : 0;
    case 10:
        if (slice_is(name, SLICE("connection")))
            note_connection(fields, value);
        return 0;
    case 14:
        return slice_is(name, SLICE("content-length")) ? note_content_length(fields, value) : 0;
    case 15:
        if (slice_is(name, SLICE("accept-encoding")))
            note_accept_encoding(fields, value);
        return 0;
    case 17:
        return slice_is(name, SLICE("transfer-encoding")) ? note_transfer_encoding(fields, value)
                                                          : 0;
    default:
        return 0;
    }
}

int request_fields_read(struct request_fields *fields, const struct phr_header *headers,
                        size_t count, int minor_version)
{
    memset(fields, 0, sizeof(*fields));
    fields->minor_version = minor_version;
    fields->keep_alive = minor_version > 0;
    for (size_t i = 0; i < count; i++) {
        const struct phr_header *header = &headers[i];
        int status;
        /* No name: a folded line. No CR before its LF: for some readers that ends no line. */
        if (header->name == NULL || header->name[-2] != '\r')
            return 400;
        status = note_field(fields, header);
        if (status != 0)
            return status;
    }
    if (fields->chunked && (fields->has_content_length || minor_version == 0))
        return 400;
    if (fields->host.data == NULL && minor_version > 0)
        return 400;
    if (fields->close)
        fields->keep_alive = false;
    return 0;
}

static void move(struct slice *slice, const char *from, const char *to)
{
    if (slice->data != NULL)
        slice->data = to + (slice->data - from);
}

void request_fields_move(struct request_fields *fields, const char *from, const char *to)
{
    move(&fields->host, from, to);
    move(&fields->accept_encoding, from, to);
}
