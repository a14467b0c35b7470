#include "network_settings.h"

#include <stdio.h>
#include <string.h>

/* ---- values ---- */

static bool is_of(struct span value, const char *characters)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.start[i] == '\0' || !strchr(characters, value.start[i]))
            return false;
    return value.length > 0;
}

static bool read_name(struct network_settings *settings, struct span value)
{
    return is_of(value, "abcdefghijklmnopqrstuvwxyz0123456789-") && value.start[0] != '-' &&
           value.start[value.length - 1] != '-' &&
           span_copy(value, settings->name, sizeof settings->name);
}

static bool read_interface(struct network_settings *settings, struct span value)
{
    return is_of(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") &&
           span_copy(value, settings->interface, sizeof settings->interface);
}

/* "192.168.7.20/24" */
static bool read_v4(struct network_settings *settings, struct span value)
{
    struct lease lease = {0};
    uint32_t prefix;

    if (span_equals(value, "dhcp"))
        return true;
    if (!ipv4_read(&value, &lease.address) || !span_skip(&value, "/") ||
        !span_read_number(&value, 32, &prefix) || prefix == 0 || value.length != 0)
        return false;
    lease.netmask = UINT32_MAX << (32 - prefix);
    settings->address = lease.address;
    settings->netmask = lease.netmask;
    return lease_is_sane(&lease);
}

static bool read_gateway(struct network_settings *settings, struct span value)
{
    return ipv4_read(&value, &settings->router) && value.length == 0;
}

/* "fd00:7::20/64" */
static bool read_v6(struct network_settings *settings, struct span value)
{
    const char *slash = value.length ? memchr(value.start, '/', value.length) : NULL;
    struct span address = {value.start, slash ? (size_t)(slash - value.start) : 0};
    uint32_t prefix;

    settings->v6 = span_equals(value, "off") ? IPV6_OFF : IPV6_AUTO;
    if (settings->v6 == IPV6_OFF || span_equals(value, "auto"))
        return true;
    settings->v6 = IPV6_FIXED;
    value = (struct span){slash, slash ? value.length - address.length : 0};
    if (!slash || !inet6_read(address, settings->address6) || !span_skip(&value, "/") ||
        !span_read_number(&value, 128, &prefix) || prefix == 0 || value.length != 0)
        return false;
    settings->prefix6 = (uint8_t)prefix;
    return inet6_is_host(settings->address6) && !inet6_is_link_local(settings->address6);
}

static bool read_gateway6(struct network_settings *settings, struct span value)
{
    return inet6_read(value, settings->router6) && inet6_is_host(settings->router6);
}

/* With commas in an order, with blanks in a preseed. */
static bool read_servers(struct span value, struct host_address servers[LEASE_SERVERS])
{
    memset(servers, 0, sizeof servers[0] * LEASE_SERVERS);
    return host_address_read_list(value, servers, LEASE_SERVERS) > 0;
}

static bool read_dns(struct network_settings *settings, struct span value)
{
    return read_servers(value, settings->dns);
}

static bool read_ntp(struct network_settings *settings, struct span value)
{
    return read_servers(value, settings->ntp);
}

/* ---- words ---- */

static const struct {
    const char *key;
    bool (*read)(struct network_settings *settings, struct span value);
    const char *like;
} words[] = {
    {"name", read_name, "one label of a-z, 0-9 and, inside, hyphens"},
    {"interface", read_interface, "that of an interface, such as eth0"},
    {"v4", read_v4, "dhcp, or the address of a host such as 192.168.7.20/24"},
    {"address", read_v4, "dhcp, or the address of a host such as 192.168.7.20/24"},
    {"gateway", read_gateway, "an address such as 192.168.7.1"},
    {"v6", read_v6, "auto, off, or the address of a host such as fd00:7::20/64"},
    {"gateway6", read_gateway6, "an address such as fe80::1"},
    {"dns", read_dns, "up to three addresses of servers, with commas between them"},
    {"ntp", read_ntp, "up to three addresses of servers, with commas between them"},
};

enum { WORDS = sizeof words / sizeof words[0] };

/* Its place in the table; WORDS when there is none. */
static size_t find(struct span key)
{
    size_t i = 0;

    while (i < WORDS && !span_equals(key, words[i].key))
        i++;
    return i;
}

enum setting network_setting(struct network_settings *settings, struct span key, struct span value)
{
    size_t word = find(key);

    if (word == WORDS)
        return SETTING_UNKNOWN;
    return words[word].read(settings, value) ? SETTING_TAKEN : SETTING_WRONG;
}

/* What only shows when all words are there. */
static const char *contradiction(const struct network_settings *settings)
{
    bool has_router6 = !inet6_is_none(settings->router6);
    struct lease lease = network_settings_lease(settings);

    if (settings->router && !settings->address)
        return "gateway goes with a fixed v4 only: the DHCP server says it";
    if (lease.router != settings->router)
        return "gateway is no other host of the network of v4";
    if (has_router6 && settings->v6 != IPV6_FIXED)
        return "gateway6 goes with a fixed v6 only: the router says it";
    if (has_router6 && !inet6_is_link_local(settings->router6) &&
        (!inet6_same_network(settings->address6, settings->router6, settings->prefix6) ||
         memcmp(settings->router6, settings->address6, INET6_SIZE) == 0))
        return "gateway6 is no other host of the network of v6";
    return NULL;
}

const char *network_settings_read(struct network_settings *settings, struct span text)
{
    static char fault[NETWORK_FAULT];
    struct span word;

    *settings = (struct network_settings){0};
    while (span_next_word(&text, &word)) {
        const char *sign = memchr(word.start, '=', word.length);
        struct span key = {word.start, sign ? (size_t)(sign - word.start) : word.length};
        struct span value = {sign ? sign + 1 : NULL, sign ? word.length - key.length - 1 : 0};
        size_t known = find(key);

        if (!sign || known == WORDS) {
            snprintf(fault, sizeof fault, "there is no setting %.*s",
                     (int)(key.length < 32 ? key.length : 32), key.start);
            return fault;
        }
        if (value.length > 0 && !words[known].read(settings, value)) {
            snprintf(fault, sizeof fault, "%s must be %s", words[known].key, words[known].like);
            return fault;
        }
    }
    return contradiction(settings);
}

/* ---- as text ---- */

static void add(char text[NETWORK_TEXT], const char *key, const char *value)
{
    size_t used = strlen(text);

    if (value[0])
        snprintf(text + used, NETWORK_TEXT - used, "%s%s=%s", used ? " " : "", key, value);
}

static void add_ipv4(char text[NETWORK_TEXT], const char *key, uint32_t address)
{
    char value[IPV4_TEXT_SIZE];

    ipv4_text(address, value);
    add(text, key, address ? value : "");
}

static void add_servers(char text[NETWORK_TEXT], const char *key,
                        const struct host_address servers[LEASE_SERVERS])
{
    char value[LEASE_SERVERS * INET6_TEXT_SIZE] = "";
    char one[INET6_TEXT_SIZE];

    for (int i = 0; i < LEASE_SERVERS && !host_address_is_none(&servers[i]); i++) {
        size_t used = strlen(value);

        host_address_text(&servers[i], one);
        snprintf(value + used, sizeof value - used, "%s%s", i ? "," : "", one);
    }
    add(text, key, value);
}

static int prefix_of(uint32_t netmask)
{
    int prefix = 0;

    while (prefix < 32 && netmask << prefix)
        prefix++;
    return prefix;
}

static void add_v4(char text[NETWORK_TEXT], const struct network_settings *settings)
{
    char address[IPV4_TEXT_SIZE], value[IPV4_TEXT_SIZE + 4];

    ipv4_text(settings->address, address);
    snprintf(value, sizeof value, "%s/%d", address, prefix_of(settings->netmask));
    add(text, "v4", settings->address ? value : "dhcp");
}

static void add_v6(char text[NETWORK_TEXT], const struct network_settings *settings)
{
    char address[INET6_TEXT_SIZE], value[INET6_TEXT_SIZE + 4];

    inet6_text(settings->address6, address);
    snprintf(value, sizeof value, "%s/%u", address, settings->prefix6);
    add(text, "v6",
        settings->v6 == IPV6_AUTO  ? "auto"
        : settings->v6 == IPV6_OFF ? "off"
                                   : value);
    inet6_text(settings->router6, address);
    add(text, "gateway6", inet6_is_none(settings->router6) ? "" : address);
}

size_t network_settings_write(const struct network_settings *settings, char text[NETWORK_TEXT])
{
    text[0] = '\0';
    add(text, "name", settings->name);
    add(text, "interface", settings->interface);
    add_v4(text, settings);
    add_ipv4(text, "gateway", settings->router);
    add_v6(text, settings);
    add_servers(text, "dns", settings->dns);
    add_servers(text, "ntp", settings->ntp);
    return strlen(text);
}

size_t network_settings_entries(const struct network_settings *settings, char text[NETWORK_TEXT])
{
    char all[NETWORK_TEXT];
    struct span rest = {all, network_settings_write(settings, all)}, word;
    size_t used = 0;

    while (span_next_word(&rest, &word)) {
        int key = (int)strcspn(word.start, "=");
        int value = (int)word.length - key - 1;

        used += (size_t)snprintf(text + used, NETWORK_TEXT - used, "%.*s %d\n%.*s\n", key,
                                 word.start, value, value, word.start + key + 1);
    }
    return used;
}

bool network_settings_equal6(const struct network_settings *one,
                             const struct network_settings *other)
{
    return one->v6 == other->v6 && one->prefix6 == other->prefix6 &&
           memcmp(one->address6, other->address6, INET6_SIZE) == 0 &&
           memcmp(one->router6, other->router6, INET6_SIZE) == 0;
}

struct lease network_settings_lease(const struct network_settings *settings)
{
    struct lease lease = {0};

    if (settings->address == 0)
        return lease;
    lease.address = settings->address;
    lease.netmask = settings->netmask;
    lease.router = settings->router;
    lease.seconds = UINT32_MAX;
    lease_purge(&lease);
    return lease;
}
