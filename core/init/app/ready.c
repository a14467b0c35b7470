#include "ready.h"

#include <stdio.h>
#include <string.h>

static bool parse_port(struct span digits, unsigned *port)
{
    unsigned value = 0;

    for (size_t i = 0; i < digits.length; i++) {
        if (digits.start[i] < '0' || digits.start[i] > '9' || value > 6553)
            return false;
        value = value * 10 + (unsigned)(digits.start[i] - '0');
    }
    *port = value >= 1 && value <= 65535 ? value : 0;
    return *port != 0;
}

static bool is_host_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == ':' || byte == '-' ||
           byte == '%' || byte == '_';
}

static bool parse_host(struct span word, char *host, size_t size)
{
    for (size_t i = 0; i < word.length; i++)
        if (!is_host_byte(word.start[i]))
            return false;
    return span_copy(word, host, size);
}

static bool parse(struct ready *ready)
{
    struct span rest = {ready->text, ready->used};
    struct span word, host, port, scheme, more;

    if (!span_next_word(&rest, &word) || !span_equals(word, "listening") ||
        !span_next_word(&rest, &host) || !span_next_word(&rest, &port))
        return false;
    ready->secure = span_next_word(&rest, &scheme);
    if (ready->secure && !span_equals(scheme, "https"))
        return false;
    return !span_next_word(&rest, &more) && parse_host(host, ready->host, sizeof ready->host) &&
           parse_port(port, &ready->port);
}

bool ready_feed(struct ready *ready, struct span bytes)
{
    for (size_t i = 0; i < bytes.length && ready->used < sizeof ready->text; i++) {
        if (bytes.start[i] == '\n')
            return parse(ready);
        ready->text[ready->used++] = bytes.start[i];
    }
    return false;
}

bool ready_is_everywhere(const struct ready *ready)
{
    return strcmp(ready->host, "0.0.0.0") == 0 || strcmp(ready->host, "::") == 0;
}

void ready_url(const struct ready *ready, const char *host, char *out, size_t size)
{
    bool v6;
    char port[8] = "";

    host = host ? host : ready->host;
    v6 = strchr(host, ':') != NULL;
    if (ready->port != (ready->secure ? 443 : 80))
        snprintf(port, sizeof port, ":%u", ready->port & 0xffff);
    snprintf(out, size, "%s://%s%s%s%s/", ready->secure ? "https" : "http", v6 ? "[" : "", host,
             v6 ? "]" : "", port);
}
