#include "log.h"

#include <string.h>

/* Stands before the text of a line. */
struct head {
    uint64_t position;
    int64_t time_ms;
    uint16_t source;
    uint16_t length;
};

static void put(struct log_share *share, const void *bytes, size_t length)
{
    size_t at = (size_t)(share->end % share->size);
    size_t straight = length < share->size - at ? length : share->size - at;

    memcpy(share->memory + at, bytes, straight);
    memcpy(share->memory, (const char *)bytes + straight, length - straight);
    share->end += length;
}

static void get(const struct log_share *share, uint64_t from, void *bytes, size_t length)
{
    size_t at = (size_t)(from % share->size);
    size_t straight = length < share->size - at ? length : share->size - at;

    memcpy(bytes, share->memory + at, straight);
    memcpy((char *)bytes + straight, share->memory, length - straight);
}

/* The head at `from`; false when that is the end. */
static bool look(const struct log_share *share, uint64_t from, struct head *head)
{
    if (from == share->end)
        return false;
    get(share, from, head, sizeof *head);
    return true;
}

static void drop_first(struct log_share *share)
{
    struct head head;

    look(share, share->first, &head);
    share->dropped = head.position;
    share->first += sizeof head + head.length;
}

static struct log_share *share_of(struct log *log, enum log_source source)
{
    return &log->shares[source <= LOG_KERNEL ? 0 : source == LOG_APP ? 1 : 2];
}

static void add(struct log *log, const struct head *head, struct span text)
{
    struct log_share *share = share_of(log, head->source);

    while (share->end - share->first + sizeof *head + head->length > share->size)
        drop_first(share);
    put(share, head, sizeof *head);
    put(share, text.start, head->length);
    log->end = head->position;
}

void log_init(struct log *log, char *memory, size_t size)
{
    *log = (struct log){0};
    log->shares[0] = (struct log_share){.memory = memory, .size = size / 4};
    log->shares[1] = (struct log_share){.memory = memory + size / 4, .size = size / 2};
    log->shares[2] = (struct log_share){.memory = memory + size / 4 * 3, .size = size / 4};
}

void log_take_over(struct log *log, const struct log *other)
{
    struct log_cursor cursor;
    struct log_line line;

    log_seek(other, 0, &cursor);
    while (log_next(other, &cursor, &line)) {
        struct head head = {line.position, line.time_ms, (uint16_t)line.source,
                            (uint16_t)line.text.length};

        add(log, &head, line.text);
    }
    log->end = other->end;
}

void log_add(struct log *log, enum log_source source, int64_t time_ms, struct span text)
{
    size_t most = sizeof((struct log_cursor *)NULL)->text;
    uint16_t length = (uint16_t)(text.length < most ? text.length : most);
    struct head head = {log->end + length + 1, time_ms, (uint16_t)source, length};

    add(log, &head, text);
}

void log_seek(const struct log *log, uint64_t position, struct log_cursor *cursor)
{
    uint64_t wanted = position <= log->end ? position : 0;
    struct head head;

    for (int i = 0; i < LOG_SHARES; i++) {
        const struct log_share *share = &log->shares[i];

        cursor->at[i] = share->first;
        while (look(share, cursor->at[i], &head) && head.position <= wanted)
            cursor->at[i] += sizeof head + head.length;
        cursor->gap[i] = share->dropped > wanted;
    }
}

bool log_next(const struct log *log, struct log_cursor *cursor, struct log_line *line)
{
    struct head head, next = {0};
    int chosen = -1;

    for (int i = 0; i < LOG_SHARES; i++) {
        if (look(&log->shares[i], cursor->at[i], &head) &&
            (chosen < 0 || head.position < next.position)) {
            next = head;
            chosen = i;
        }
    }
    if (chosen < 0)
        return false;
    get(&log->shares[chosen], cursor->at[chosen] + sizeof next, cursor->text, next.length);
    cursor->at[chosen] += sizeof next + next.length;
    *line = (struct log_line){.position = next.position,
                              .time_ms = next.time_ms,
                              .source = (enum log_source)next.source,
                              .text = {cursor->text, next.length},
                              .gap = cursor->gap[chosen]};
    cursor->gap[chosen] = false;
    return true;
}
