#include "mdns.h"

#include <stdio.h>
#include <string.h>

/* ms, numbers and seconds of RFC 6762. */
enum {
    PROBES = 3,           /* 8.1 */
    PROBE_EVERY = 250,    /* 8.1 */
    ANNOUNCEMENTS = 2,    /* 8.3 */
    ANNOUNCE_EVERY = 1000, /* 8.3 */
    AFTER_TIE = 1000,     /* 8.2 */
    HOST_SECONDS = 120,   /* 10 */
    SIMPLE_SECONDS = 10,  /* 6.7 */
    AUTHORITATIVE = DNS_RESPONSE | 0x0400, /* 18.4 */
};

static void start_probing(struct mdns *mdns, int64_t due)
{
    const char *dot_local = ".local";

    mdns->state = MDNS_PROBING;
    mdns->sent = 0;
    mdns->due_ms = due;
    if (mdns->number == 1)
        snprintf(mdns->name, sizeof mdns->name, "%s%s", mdns->label, dot_local);
    else
        snprintf(mdns->name, sizeof mdns->name, "%.*s-%d%s", MDNS_LABEL_SIZE - 5, mdns->label,
                 mdns->number, dot_local);
}

static int64_t a_moment(const struct mdns *mdns)
{
    return mdns->random() % PROBE_EVERY;
}

void mdns_begin(struct mdns *mdns, const char *label, uint32_t (*random)(void), int64_t now)
{
    memset(mdns, 0, sizeof *mdns);
    snprintf(mdns->label, sizeof mdns->label, "%.*s", (int)strcspn(label, "."), label);
    mdns->number = 1;
    mdns->random = random;
    start_probing(mdns, now + a_moment(mdns));
}

void mdns_again(struct mdns *mdns, int64_t now)
{
    start_probing(mdns, now + a_moment(mdns));
}

enum mdns_act mdns_due(struct mdns *mdns, int64_t now)
{
    if (now < mdns->due_ms)
        return MDNS_WAIT;
    if (mdns->state == MDNS_PROBING && mdns->sent < PROBES) {
        mdns->sent++;
        mdns->due_ms = now + PROBE_EVERY;
        return MDNS_PROBE;
    }
    if (mdns->state == MDNS_PROBING) {
        mdns->state = MDNS_ANNOUNCING;
        mdns->sent = 0;
    }
    mdns->told = true;
    mdns->sent++;
    mdns->due_ms = now + ANNOUNCE_EVERY;
    if (mdns->sent >= ANNOUNCEMENTS) {
        mdns->state = MDNS_HELD;
        mdns->due_ms = INT64_MAX;
    }
    return MDNS_ANNOUNCE;
}

void mdns_leave(struct mdns *mdns, int64_t now)
{
    mdns->told = false;
    mdns->number = mdns->number < MDNS_LAST_NUMBER ? mdns->number + 1 : 1;
    start_probing(mdns, now + a_moment(mdns));
}

static enum mdns_act give_way(struct mdns *mdns, int64_t now)
{
    if (mdns->told)
        return MDNS_LEAVE;
    mdns_leave(mdns, now);
    return MDNS_WAIT;
}

static bool is_own_data(const struct dns_record *record, const struct mdns_addresses *own)
{
    if (record->type == DNS_A)
        return own->has_ipv4 && record->length == 4 && memcmp(record->data, own->ipv4, 4) == 0;
    for (int i = 0; i < own->ipv6_count; i++)
        if (record->length == 16 && memcmp(record->data, own->ipv6[i], 16) == 0)
            return true;
    return false;
}

static bool is_about_us(const struct mdns *mdns, const struct dns_record *record)
{
    return (record->type == DNS_A || record->type == DNS_AAAA) &&
           (record->class & ~DNS_TOP_BIT) == DNS_IN && dns_name_equals(record->name, mdns->name);
}

/* Section 8.2: of two that want the same name, the one with the greater data gets it; an IPv6
 * address beats any IPv4 address, because its type is the greater number. */
static bool beats_us(const struct dns_record *record, const struct mdns_addresses *own)
{
    const uint8_t *greatest = own->has_ipv4 ? own->ipv4 : NULL;
    size_t length = 4;

    if (record->type == DNS_AAAA || own->ipv6_count) {
        greatest = NULL;
        length = 16;
        for (int i = 0; i < own->ipv6_count; i++)
            if (!greatest || memcmp(own->ipv6[i], greatest, 16) > 0)
                greatest = own->ipv6[i];
    }
    if (!greatest)
        return true;
    return record->length == length && memcmp(record->data, greatest, length) > 0;
}

/* Somebody says that the name is his; with 0 seconds, that it is so no more. Who has the lesser data
 * gives way; the other says once more that he has it, and so that two of them never talk for ever,
 * not more often than announcements. */
static enum mdns_act hear_response(struct mdns *mdns, struct dns_reader *reader, unsigned records,
                                   const struct mdns_addresses *own, int64_t now)
{
    bool contested = false, lost = mdns->state == MDNS_PROBING;
    struct dns_record record;

    while (records-- > 0 && dns_next_record(reader, &record)) {
        if (!is_about_us(mdns, &record) || is_own_data(&record, own) || record.seconds == 0)
            continue;
        contested = true;
        lost = lost || beats_us(&record, own);
    }
    if (!contested)
        return MDNS_WAIT;
    if (lost)
        return give_way(mdns, now);
    if (now < mdns->quiet_until_ms)
        return MDNS_WAIT;
    mdns->quiet_until_ms = now + ANNOUNCE_EVERY;
    return MDNS_ANNOUNCE;
}

static void read_question(struct mdns *mdns, const struct dns_record *asked, bool *by_unicast)
{
    bool any = asked->type == DNS_ANY;
    uint16_t class = asked->class & (uint16_t)~DNS_TOP_BIT;

    if ((class != DNS_IN && class != DNS_ANY) || !dns_name_equals(asked->name, mdns->name))
        return;
    mdns->question.ipv4 = mdns->question.ipv4 || any || asked->type == DNS_A;
    mdns->question.ipv6 = mdns->question.ipv6 || any || asked->type == DNS_AAAA;
    *by_unicast = *by_unicast || (asked->class & DNS_TOP_BIT) != 0;
}

/* Section 7.1: what the one who asks knows for a while yet is not said again. */
static void leave_out_known(struct mdns *mdns, const struct dns_record *known,
                            const struct mdns_addresses *own)
{
    if (!is_about_us(mdns, known) || !is_own_data(known, own) || known->seconds < HOST_SECONDS / 2)
        return;
    if (known->type == DNS_A)
        mdns->question.ipv4 = false;
    else if (own->ipv6_count == 1)
        mdns->question.ipv6 = false;
}

static enum mdns_act hear_query(struct mdns *mdns, struct dns_reader *reader,
                                const struct dns_header *header, bool simple,
                                const struct mdns_addresses *own, int64_t now)
{
    bool by_unicast = simple;
    struct dns_record record;

    mdns->question = (struct mdns_question){.id = header->id, .simple = simple};
    for (unsigned i = 0; i < header->questions; i++) {
        if (!dns_next_question(reader, &record))
            return MDNS_WAIT;
        read_question(mdns, &record, &by_unicast);
    }
    for (unsigned i = 0; i < header->answers && dns_next_record(reader, &record); i++)
        leave_out_known(mdns, &record, own);
    /* What somebody would like to have stands in the authority section of his probe. */
    for (unsigned i = 0; i < header->authorities && mdns->state == MDNS_PROBING; i++) {
        if (!dns_next_record(reader, &record))
            return MDNS_WAIT;
        if (is_about_us(mdns, &record) && !is_own_data(&record, own) && beats_us(&record, own)) {
            start_probing(mdns, now + AFTER_TIE);
            return MDNS_WAIT;
        }
    }
    if (mdns->state == MDNS_PROBING || !(mdns->question.ipv4 || mdns->question.ipv6))
        return MDNS_WAIT;
    return by_unicast ? MDNS_REPLY : MDNS_ANSWER;
}

enum mdns_act mdns_receive(struct mdns *mdns, const uint8_t *message, size_t length, uint16_t port,
                           const struct mdns_addresses *own, int64_t now)
{
    struct dns_reader reader;
    struct dns_header header;

    if (!dns_begin(&reader, message, length, &header) || (header.flags & DNS_OPCODE_AND_CODE) != 0)
        return MDNS_WAIT;
    if ((header.flags & DNS_RESPONSE) == 0)
        return hear_query(mdns, &reader, &header, port != MDNS_PORT, own, now);
    if (port != MDNS_PORT || header.questions != 0) /* section 6: to be ignored */
        return MDNS_WAIT;
    return hear_response(
        mdns, &reader, (unsigned)header.answers + header.authorities + header.additions, own, now);
}

static void write_addresses(struct dns_writer *writer, struct dns_record *record, bool ipv4,
                            bool ipv6, const struct mdns_addresses *own)
{
    record->type = DNS_A;
    record->data = own->ipv4;
    record->length = 4;
    if (ipv4 && own->has_ipv4)
        dns_write_record(writer, record);
    record->type = DNS_AAAA;
    record->length = 16;
    for (int i = 0; ipv6 && i < own->ipv6_count; i++) {
        record->data = own->ipv6[i];
        dns_write_record(writer, record);
    }
}

static uint16_t count(bool ipv4, bool ipv6, const struct mdns_addresses *own)
{
    return (uint16_t)((ipv4 && own->has_ipv4 ? 1 : 0) + (ipv6 ? own->ipv6_count : 0));
}

size_t mdns_write_probe(const struct mdns *mdns, const struct mdns_addresses *own,
                        uint8_t message[MDNS_MESSAGE_SIZE])
{
    struct dns_header header = {.questions = 1, .authorities = count(true, true, own)};
    struct dns_record record = {.type = DNS_ANY, .class = DNS_IN, .seconds = HOST_SECONDS};
    struct dns_writer writer;

    if (header.authorities == 0)
        return 0;
    memcpy(record.name, mdns->name, sizeof record.name);
    dns_write_header(&writer, message, MDNS_MESSAGE_SIZE, &header);
    dns_write_question(&writer, &record);
    write_addresses(&writer, &record, true, true, own);
    return writer.length;
}

static size_t write_response(const struct mdns *mdns, const struct mdns_question *question,
                             const struct mdns_addresses *own, uint8_t *message)
{
    struct dns_header header = {.id = question->simple ? question->id : 0,
                                .flags = AUTHORITATIVE,
                                .questions = question->simple,
                                .answers = count(question->ipv4, question->ipv6, own)};
    struct dns_record record = {.class = DNS_IN};
    struct dns_writer writer;

    if (header.answers == 0)
        return 0;
    memcpy(record.name, mdns->name, sizeof record.name);
    record.type = !question->ipv6 ? DNS_A : !question->ipv4 ? DNS_AAAA : DNS_ANY;
    dns_write_header(&writer, message, MDNS_MESSAGE_SIZE, &header);
    if (question->simple)
        dns_write_question(&writer, &record);
    else
        record.class |= DNS_TOP_BIT; /* 10.2: in place of all that is remembered */
    record.seconds = question->simple ? SIMPLE_SECONDS : HOST_SECONDS;
    write_addresses(&writer, &record, question->ipv4, question->ipv6, own);
    return writer.length;
}

size_t mdns_write_announcement(const struct mdns *mdns, const struct mdns_addresses *own,
                               uint8_t message[MDNS_MESSAGE_SIZE])
{
    return write_response(mdns, &(struct mdns_question){.ipv4 = true, .ipv6 = true}, own, message);
}

size_t mdns_write_answer(const struct mdns *mdns, const struct mdns_addresses *own,
                         uint8_t message[MDNS_MESSAGE_SIZE])
{
    return write_response(mdns, &mdns->question, own, message);
}

/* Without the bit that replaces what is remembered: other addresses of the name stay. */
size_t mdns_write_goodbye(const struct mdns *mdns, const struct mdns_addresses *gone,
                          uint8_t message[MDNS_MESSAGE_SIZE])
{
    struct dns_header header = {.flags = AUTHORITATIVE, .answers = count(true, true, gone)};
    struct dns_record record = {.class = DNS_IN, .seconds = 0};
    struct dns_writer writer;

    if (!mdns->told || header.answers == 0)
        return 0;
    memcpy(record.name, mdns->name, sizeof record.name);
    dns_write_header(&writer, message, MDNS_MESSAGE_SIZE, &header);
    write_addresses(&writer, &record, true, true, gone);
    return writer.length;
}

struct mdns_addresses mdns_gone(const struct mdns_addresses *before,
                                const struct mdns_addresses *now)
{
    struct mdns_addresses gone = *before;
    struct dns_record record = {.type = DNS_A, .length = 4, .data = before->ipv4};

    gone.has_ipv4 = before->has_ipv4 && !is_own_data(&record, now);
    gone.ipv6_count = 0;
    record.type = DNS_AAAA;
    record.length = 16;
    for (int i = 0; i < before->ipv6_count; i++) {
        record.data = before->ipv6[i];
        if (!is_own_data(&record, now))
            memcpy(gone.ipv6[gone.ipv6_count++], before->ipv6[i], 16);
    }
    return gone;
}
