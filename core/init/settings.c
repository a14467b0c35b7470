#include "settings.h"

#include <string.h>

enum { LONGEST_ENTRY = 65536 };

bool settings_next(struct span *rest, struct span *key, struct span *value)
{
    struct span left = *rest;
    const char *space = left.length ? memchr(left.start, ' ', left.length) : NULL;
    uint32_t length;

    if (!space)
        return false;
    *key = (struct span){left.start, (size_t)(space - left.start)};
    left = (struct span){space + 1, left.length - key->length - 1};
    if (!span_read_number(&left, LONGEST_ENTRY, &length) || !span_skip(&left, "\n") ||
        left.length <= length || left.start[length] != '\n')
        return false;
    *value = (struct span){left.start, length};
    *rest = (struct span){left.start + length + 1, left.length - length - 1};
    return true;
}

static bool read_word(struct span word, const char *further, char *out, size_t size)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-/";

    for (size_t i = 0; i < word.length; i++)
        if (word.start[i] == '\0' ||
            (!strchr(characters, word.start[i]) && !strchr(further, word.start[i])))
            return false;
    return word.length > 0 && span_copy(word, out, size);
}

static bool read_entry(struct span key, struct span value, struct settings *settings)
{
    if (span_equals(key, "timezone"))
        return read_word(value, "_", settings->zone, sizeof settings->zone);
    if (span_equals(key, "tz"))
        return read_word(value, "<>,.:", settings->timezone, sizeof settings->timezone);
    return network_setting(&settings->network, key, value) != SETTING_WRONG;
}

bool settings_parse(struct span text, struct settings *settings)
{
    struct span key, value;
    bool sane = true;

    *settings = (struct settings){0};
    while (sane && settings_next(&text, &key, &value))
        sane = read_entry(key, value, settings);
    sane = sane && text.length == 0;
    if (!sane)
        *settings = (struct settings){0};
    return sane;
}
