#include "dns.h"

#include <string.h>
#include <strings.h>

/* LONGEST as text is 255 bytes on the wire (RFC 1035, section 2.3.4). */
enum { LABEL = 63, LONGEST = 253, POINTER = 0xc0 };

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

bool dns_begin(struct dns_reader *reader, const uint8_t *message, size_t length,
               struct dns_header *header)
{
    *reader = (struct dns_reader){message, length, DNS_HEADER};
    if (length < DNS_HEADER)
        return false;
    *header = (struct dns_header){get16(message),     get16(message + 2), get16(message + 4),
                                  get16(message + 6), get16(message + 8), get16(message + 10)};
    return true;
}

static bool has_odd_byte(const uint8_t *label, size_t length)
{
    return memchr(label, '.', length) || memchr(label, '\0', length);
}

/* A pointer leads only towards the front, so no message makes it go in a circle (RFC 1035, 4.1.4:
 * "a prior occurrence"). */
static bool read_name(struct dns_reader *reader, char name[DNS_NAME_SIZE])
{
    const uint8_t *message = reader->message;
    size_t at = reader->at, end = 0, limit = reader->length, used = 0;
    bool odd = false;

    while (at < limit && message[at] != 0) {
        size_t length = message[at];

        if (length >= POINTER) {
            size_t target = at + 1 < reader->length ? (size_t)(get16(message + at) & 0x3fff) : at;

            end = end ? end : at + 2;
            if (target >= at)
                return false;
            limit = at;
            at = target;
            continue;
        }
        if (length > LABEL || at + 1 + length > limit || used + length + (used > 0) > LONGEST)
            return false;
        odd = odd || has_odd_byte(message + at + 1, length);
        if (used)
            name[used++] = '.';
        memcpy(name + used, message + at + 1, length);
        used += length;
        at += 1 + length;
    }
    if (at >= limit)
        return false;
    name[odd ? 0 : used] = '\0';
    reader->at = end ? end : at + 1;
    return true;
}

static bool has(const struct dns_reader *reader, size_t count)
{
    return reader->length - reader->at >= count;
}

bool dns_next_question(struct dns_reader *reader, struct dns_record *question)
{
    const uint8_t *fields;

    memset(question, 0, sizeof *question);
    if (!read_name(reader, question->name) || !has(reader, 4))
        return false;
    fields = reader->message + reader->at;
    question->type = get16(fields);
    question->class = get16(fields + 2);
    reader->at += 4;
    return true;
}

bool dns_next_record(struct dns_reader *reader, struct dns_record *record)
{
    const uint8_t *fields;

    if (!dns_next_question(reader, record) || !has(reader, 6))
        return false;
    fields = reader->message + reader->at;
    record->seconds = (uint32_t)get16(fields) << 16 | get16(fields + 2);
    record->length = get16(fields + 4);
    reader->at += 6;
    if (!has(reader, record->length))
        return false;
    record->data = reader->message + reader->at;
    reader->at += record->length;
    return true;
}

bool dns_name_equals(const char *one, const char *other)
{
    return strcasecmp(one, other) == 0;
}

static void put(struct dns_writer *writer, const void *bytes, size_t length)
{
    if (writer->length == 0 || writer->size - writer->length < length) {
        writer->length = 0;
        return;
    }
    if (length)
        memcpy(writer->message + writer->length, bytes, length);
    writer->length += length;
}

static void put16(struct dns_writer *writer, uint16_t value)
{
    uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(writer, bytes, sizeof bytes);
}

static void put_name(struct dns_writer *writer, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");
        uint8_t size = (uint8_t)length;

        if (length == 0 || length > LABEL) {
            writer->length = 0;
            return;
        }
        put(writer, &size, 1);
        put(writer, name, length);
        name += length + (name[length] == '.');
    }
    put(writer, "", 1);
}

void dns_write_header(struct dns_writer *writer, uint8_t *message, size_t size,
                      const struct dns_header *header)
{
    const uint16_t words[] = {header->id,      header->flags,       header->questions,
                              header->answers, header->authorities, header->additions};

    *writer = (struct dns_writer){message, size, size >= DNS_HEADER ? DNS_HEADER : 0};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && writer->length; i++) {
        message[2 * i] = (uint8_t)(words[i] >> 8);
        message[2 * i + 1] = (uint8_t)words[i];
    }
}

void dns_write_question(struct dns_writer *writer, const struct dns_record *question)
{
    put_name(writer, question->name);
    put16(writer, question->type);
    put16(writer, question->class);
}

void dns_write_record(struct dns_writer *writer, const struct dns_record *record)
{
    dns_write_question(writer, record);
    put16(writer, (uint16_t)(record->seconds >> 16));
    put16(writer, (uint16_t)record->seconds);
    put16(writer, (uint16_t)record->length);
    put(writer, record->data, record->length);
}
