#include "text.h"

#include <string.h>

bool text_line(struct span *rest, struct span *line)
{
    const char *end = rest->length ? memchr(rest->start, '\n', rest->length) : NULL;

    if (end == NULL)
        return false;
    *line = (struct span){rest->start, (size_t)(end - rest->start)};
    rest->start = end + 1;
    rest->length -= line->length + 1;
    for (size_t i = 0; i < line->length; i++)
        if (line->start[i] < ' ' || line->start[i] > '~')
            return false;
    return true;
}

bool text_word(struct span *line, struct span *word)
{
    const char *end = line->length ? memchr(line->start, ' ', line->length) : NULL;
    size_t length = end ? (size_t)(end - line->start) : line->length;
    size_t taken = length + (end ? 1 : 0);

    *word = (struct span){line->start, length};
    line->start += taken;
    line->length -= taken;
    return length > 0 && (end == NULL || line->length > 0);
}

bool text_number(struct span word, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;

    if (word.length == 0 || (word.start[0] == '0' && word.length > 1))
        return false;
    for (size_t i = 0; i < word.length; i++) {
        uint64_t digit = (uint64_t)(word.start[i] - '0');
        if (word.start[i] < '0' || word.start[i] > '9' || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return value <= most;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool text_hex(struct span word, uint8_t *out, size_t size)
{
    if (word.length != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(word.start[2 * i]), low = hex_digit(word.start[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

bool text_name(struct span word, const char *further, char *out, size_t size)
{
    for (size_t i = 0; i < word.length; i++)
        if (!is_alphanumeric(word.start[i]) &&
            (word.start[i] == '\0' || !strchr(further, word.start[i])))
            return false;
    return word.length > 0 && span_copy(word, out, size);
}
