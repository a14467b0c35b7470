#include "target.h"

#include "character.h"

static struct slice slice_from(struct slice text, size_t start)
{
    return (struct slice){text.data + start, text.length - start};
}

/* "[" ( IPv6address / IPvFuture ) "]" at the start; the number of its bytes, 0 when malformed.
 * Addresses are judged by their characters only: which one it is matters to nobody here. */
static size_t ip_literal_length(struct slice host)
{
    for (size_t i = 1; i < host.length; i++) {
        if (host.data[i] == ']')
            return i > 1 ? i + 1 : 0;
        if (!character_is(host.data[i], CHARACTER_HOST) && host.data[i] != ':')
            return 0;
    }
    return 0;
}

bool host_is_valid(struct slice host)
{
    size_t end = 0;

    if (host.length > 0 && host.data[0] == '[') {
        end = ip_literal_length(host);
        if (end == 0)
            return false;
    } else {
        while (end < host.length && host.data[end] != ':')
            end++;
        if (!characters_are((struct slice){host.data, end}, CHARACTER_HOST))
            return false;
    }
    if (end == host.length)
        return true;
    return host.data[end] == ':' && characters_are(slice_from(host, end + 1), CHARACTER_DIGIT);
}

size_t target_take_path(struct slice text, struct target *target)
{
    const char *at = text.data, *end = text.data + text.length;

    while (at < end && (character_is(*at, CHARACTER_PATH) || *at == '%')) {
        target->encoded |= *at == '%';
        at++;
    }
    target->raw_path = (struct slice){text.data, (size_t)(at - text.data)};
    if (at < end && *at == '?') {
        const char *query = ++at;
        while (at < end && character_is(*at, CHARACTER_QUERY))
            at++;
        target->query = (struct slice){query, (size_t)(at - query)};
    }
    return (size_t)(at - text.data);
}

/* False when a byte may not stand in a URI reference sent to a server. */
static bool split_path(struct slice text, struct target *target)
{
    return target_take_path(text, target) == text.length;
}

/* The length of "http://" or "https://" at the start, else 0. */
static size_t scheme_length(struct slice text)
{
    if (text.length >= 7 && slice_is((struct slice){text.data, 7}, SLICE("http://")))
        return 7;
    if (text.length >= 8 && slice_is((struct slice){text.data, 8}, SLICE("https://")))
        return 8;
    return 0;
}

static bool parse_absolute_form(struct slice text, struct target *target)
{
    size_t start = scheme_length(text);
    size_t end = start;

    if (start == 0)
        return false;
    while (end < text.length && text.data[end] != '/' && text.data[end] != '?')
        end++;
    target->authority = (struct slice){text.data + start, end - start};
    if (end == start || text.data[start] == ':' || !host_is_valid(target->authority))
        return false;
    if (!split_path(slice_from(text, end), target))
        return false;
    if (target->raw_path.length == 0)
        target->raw_path = SLICE("/");
    return true;
}

bool target_parse(struct slice text, struct target *target)
{
    memset(target, 0, sizeof(*target));
    if (text.length == 0)
        return false;
    if (text.data[0] == '/')
        return split_path(text, target);
    if (text.length == 1 && text.data[0] == '*') {
        target->asterisk = true;
        target->raw_path = text;
        return true;
    }
    return parse_absolute_form(text, target);
}

struct slice target_decode(struct slice path, char *decoded)
{
    size_t length = 0;

    for (size_t i = 0; i < path.length; i++) {
        int byte = character_decode_percent(slice_from(path, i));
        if (byte == 0)
            return (struct slice){NULL, 0};
        decoded[length++] = byte > 0 ? (char)byte : path.data[i];
        i += byte > 0 ? 2 : 0;
    }
    return (struct slice){decoded, length};
}
