#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const struct address address_default = {.host = "0.0.0.0", .port = 8888};

static bool parse_port(const char *text, int *port)
{
    int value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (*text - '0');
        if (value > 65535)
            return false;
    }
    *port = value;
    return true;
}

static bool set_host(struct address *address, const char *text, size_t length)
{
    if (length >= sizeof(address->host))
        return false;
    memset(address->host, 0, sizeof(address->host));
    memcpy(address->host, text, length);
    return true;
}

static bool parse_v6(const char *text, struct address *address)
{
    struct in6_addr ignored;
    const char *end = strchr(text, ']');

    if (end == NULL || !set_host(address, text + 1, (size_t)(end - text - 1)))
        return false;
    address->is_v6 = true;
    if (inet_pton(AF_INET6, address->host, &ignored) != 1)
        return false;
    return end[1] == '\0' || (end[1] == ':' && parse_port(end + 2, &address->port));
}

static bool parse_v4(const char *text, struct address *address)
{
    struct in_addr ignored;
    const char *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

    if (length > 0) {
        address->is_v6 = false;
        if (!set_host(address, text, length) || inet_pton(AF_INET, address->host, &ignored) != 1)
            return false;
    }
    return colon == NULL || parse_port(colon + 1, &address->port);
}

bool address_parse(const char *text, const struct address *defaults, struct address *address)
{
    memset(address, 0, sizeof(*address));
    if (strncmp(text, "unix:", 5) == 0) {
        address->is_unix = true;
        return text[5] != '\0' && set_host(address, text + 5, strlen(text + 5));
    }
    *address = *defaults;
    return text[0] == '[' ? parse_v6(text, address) : parse_v4(text, address);
}

bool address_is_local(const struct address *address)
{
    struct in6_addr six;

    if (address->is_v6)
        return inet_pton(AF_INET6, address->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    return address->is_unix || strncmp(address->host, "127.", 4) == 0;
}

void address_text(const struct address *address, char *text)
{
    if (address->is_unix)
        snprintf(text, ADDRESS_TEXT, "unix:%s", address->host);
    else
        snprintf(text, ADDRESS_TEXT, address->is_v6 ? "[%s]:%d" : "%s:%d", address->host,
                 address->port);
}
