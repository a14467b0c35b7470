#include "span.h"

#include <string.h>

struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static struct span take(struct span *rest, size_t length)
{
    struct span taken = {rest->start, length};

    rest->start += length;
    rest->length -= length;
    return taken;
}

/* Lines are cut by memchr: the aliases have thousands, and are gone through for every device. */
bool span_next_line(struct span *rest, struct span *line)
{
    while (rest->length > 0) {
        const char *end = memchr(rest->start, '\n', rest->length);

        *line = take(rest, end ? (size_t)(end - rest->start) : rest->length);
        take(rest, end ? 1 : 0);
        if (line->length > 0)
            return true;
    }
    return false;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n';
}

static size_t count(struct span span, bool blanks)
{
    size_t length = 0;

    while (length < span.length && is_blank(span.start[length]) == blanks)
        length++;
    return length;
}

bool span_next_word(struct span *rest, struct span *word)
{
    take(rest, count(*rest, true));
    *word = take(rest, count(*rest, false));
    return word->length > 0;
}

bool span_equals(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.start, text, span.length) == 0;
}

bool span_skip(struct span *span, const char *prefix)
{
    size_t length = strlen(prefix);

    if (span->length < length || memcmp(span->start, prefix, length) != 0)
        return false;
    take(span, length);
    return true;
}

bool span_read_number(struct span *span, uint32_t most, uint32_t *number)
{
    size_t digits = 0;
    uint64_t value = 0;

    while (digits < span->length && span->start[digits] >= '0' && span->start[digits] <= '9' &&
           value <= most)
        value = value * 10 + (uint64_t)(span->start[digits++] - '0');
    take(span, digits);
    *number = (uint32_t)value;
    return digits > 0 && value <= most;
}

bool span_copy(struct span span, char *out, size_t size)
{
    bool fits = span.length < size;

    if (fits)
        memcpy(out, span.start, span.length);
    out[fits ? span.length : 0] = '\0';
    return fits;
}
