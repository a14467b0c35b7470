#include "settings.h"

#include <string.h>

enum { LONGEST_ENTRY = 65536 };

static bool read_number(struct span *text, uint32_t most, uint32_t *number)
{
    size_t digits = 0;

    *number = 0;
    while (digits < text->length && text->start[digits] >= '0' && text->start[digits] <= '9' &&
           *number <= most)
        *number = *number * 10 + (uint32_t)(text->start[digits++] - '0');
    text->start += digits;
    text->length -= digits;
    return digits > 0 && *number <= most;
}

bool settings_next(struct span *rest, struct span *key, struct span *value)
{
    struct span left = *rest;
    const char *space = left.length ? memchr(left.start, ' ', left.length) : NULL;
    uint32_t length;

    if (!space)
        return false;
    *key = (struct span){left.start, (size_t)(space - left.start)};
    left = (struct span){space + 1, left.length - key->length - 1};
    if (!read_number(&left, LONGEST_ENTRY, &length) || !span_skip(&left, "\n") ||
        left.length <= length || left.start[length] != '\n')
        return false;
    *value = (struct span){left.start, length};
    *rest = (struct span){left.start + length + 1, left.length - length - 1};
    return true;
}

static bool read_address(struct span *text, uint32_t *address)
{
    uint32_t part;

    *address = 0;
    for (int i = 0; i < 4; i++) {
        if ((i > 0 && !span_skip(text, ".")) || !read_number(text, 255, &part))
            return false;
        *address = *address << 8 | part;
    }
    return true;
}

/* "192.168.7.20/24" */
static bool read_fixed(struct span text, struct lease *fixed)
{
    uint32_t prefix;

    if (span_equals(text, "dhcp"))
        return true;
    if (!read_address(&text, &fixed->address) || !span_skip(&text, "/") ||
        !read_number(&text, 32, &prefix) || prefix == 0 || text.length != 0)
        return false;
    fixed->netmask = UINT32_MAX << (32 - prefix);
    fixed->seconds = UINT32_MAX;
    return lease_is_sane(fixed);
}

static bool read_router(struct span text, struct lease *fixed)
{
    return read_address(&text, &fixed->router) && text.length == 0;
}

static bool read_servers(struct span text, struct lease *fixed)
{
    struct span word;
    int count = 0;

    while (span_next_word(&text, &word))
        if (count == LEASE_SERVERS || !read_address(&word, &fixed->dns[count++]) || word.length)
            return false;
    return count > 0;
}

static bool read_word(struct span text, const char *characters, char *out, size_t size)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.start[i] == '\0' || !strchr(characters, text.start[i]))
            return false;
    return text.length > 0 && span_copy(text, out, size);
}

static bool read_entry(struct span key, struct span value, struct settings *settings)
{
    static const char label[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    static const char rule[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-<>,.:/";

    if (span_equals(key, "name"))
        return read_word(value, label, settings->hostname, sizeof settings->hostname);
    if (span_equals(key, "tz"))
        return read_word(value, rule, settings->timezone, sizeof settings->timezone);
    if (span_equals(key, "address"))
        return read_fixed(value, &settings->fixed);
    if (span_equals(key, "gateway"))
        return read_router(value, &settings->fixed);
    if (span_equals(key, "dns"))
        return read_servers(value, &settings->fixed);
    return true;
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
    lease_purge(&settings->fixed);
    return sane;
}
