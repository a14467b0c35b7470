/* DNS messages (RFC 1035, section 4.1) as multicast DNS uses them: read with care, written without
 * compression. Pure. Names are text such as "hello.local", compared without regard to case. */
#ifndef FAPWS4_INIT_DNS_H
#define FAPWS4_INIT_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_HEADER = 12,
    DNS_NAME_SIZE = 256, /* of a name as text, with its NUL */
    DNS_A = 1,
    DNS_AAAA = 28,
    DNS_ANY = 255,
    DNS_IN = 1,
    DNS_TOP_BIT = 0x8000, /* of a class in multicast DNS: see mdns.h */
    DNS_RESPONSE = 0x8000,
    DNS_OPCODE_AND_CODE = 0x780f,
};

/* What a message begins with. */
struct dns_header {
    uint16_t id, flags;
    uint16_t questions, answers, authorities, additions;
};

/* A question (only name, type and class) or a record. */
struct dns_record {
    char name[DNS_NAME_SIZE];
    uint16_t type;
    uint16_t class;
    uint32_t seconds;
    const uint8_t *data; /* inside the message */
    size_t length;
};

struct dns_reader {
    const uint8_t *message;
    size_t length;
    size_t at;
};

/* False when there is no whole header. */
bool dns_begin(struct dns_reader *reader, const uint8_t *message, size_t length,
               struct dns_header *header);

/* The next of each kind. False at the first that is damaged: nothing behind it can be read. A name
 * with a dot or a NUL in one of its labels is read as "". */
bool dns_next_question(struct dns_reader *reader, struct dns_record *question);
bool dns_next_record(struct dns_reader *reader, struct dns_record *record);

bool dns_name_equals(const char *one, const char *other);

struct dns_writer {
    uint8_t *message;
    size_t size;
    size_t length; /* 0: it did not fit */
};

void dns_write_header(struct dns_writer *writer, uint8_t *message, size_t size,
                      const struct dns_header *header);
void dns_write_question(struct dns_writer *writer, const struct dns_record *question);
void dns_write_record(struct dns_writer *writer, const struct dns_record *record);

#endif
