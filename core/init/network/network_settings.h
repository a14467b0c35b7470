/* How this device is to be on the network: its name, its addresses and where it asks. Pure.
 *
 * The same words are an order (orders.c), what /data keeps of it, and what a preseed may say:
 *
 *   name       LABEL, of the device on the local network      interface  NAME: has the fixed addresses
 *   v4         dhcp, or ADDRESS/PREFIX                        gateway    ADDRESS, goes with a fixed v4
 *   v6         auto, off, or ADDRESS/PREFIX                   gateway6   ADDRESS, goes with a fixed v6
 *   dns, ntp   up to three addresses of either kind, in place of the DHCP server's
 *
 * v6=off has no address but the link-local one, by which a device is always to be reached. */
#ifndef FAPWS4_INIT_NETWORK_SETTINGS_H
#define FAPWS4_INIT_NETWORK_SETTINGS_H

#include "host_address.h"
#include "inet6.h"
#include "lease.h"

enum {
    NETWORK_LABEL = 64,     /* of a DNS label, with its NUL */
    NETWORK_INTERFACE = 16, /* IF_NAMESIZE */
    NETWORK_TEXT = 768,     /* of all settings as text, with its NUL */
    NETWORK_FAULT = 128,
};

enum ipv6_way { IPV6_AUTO, IPV6_OFF, IPV6_FIXED };

/* Zeroed: the name of the image, DHCP, and whatever IPv6 routers say. */
struct network_settings {
    char name[NETWORK_LABEL];          /* "" = that of the image */
    char interface[NETWORK_INTERFACE]; /* "" = the first one with a cable */
    uint32_t address, netmask;         /* address 0 = by DHCP */
    uint32_t router;
    enum ipv6_way v6;
    uint8_t address6[INET6_SIZE];
    uint8_t prefix6;
    uint8_t router6[INET6_SIZE]; /* :: = none */
    struct host_address dns[LEASE_SERVERS];
    struct host_address ntp[LEASE_SERVERS];
};

enum setting { SETTING_UNKNOWN, SETTING_TAKEN, SETTING_WRONG };

/* One word: its key as above, or `address`, which is v4 in a preseed. SETTING_WRONG: it can have no
 * such value. */
enum setting network_setting(struct network_settings *settings, struct span key,
                             struct span value);

/* Reads an order, blank-separated `KEY=VALUE`: all of the settings; what is left out, or has no
 * value, is as zeroed. NULL, or what is wrong with it, until the next call. */
const char *network_settings_read(struct network_settings *settings, struct span text);

/* Such an order, without what is as zeroed, but always with v4 and v6. Its length. */
size_t network_settings_write(const struct network_settings *settings, char text[NETWORK_TEXT]);

/* The same as entries of settings.h, for a file. Its length. */
size_t network_settings_entries(const struct network_settings *settings, char text[NETWORK_TEXT]);

/* Whether they say the same of IPv6. */
bool network_settings_equal6(const struct network_settings *one,
                             const struct network_settings *other);

/* The fixed address as a lease for ever, without a router that is outside of its network; address 0
 * when there is none. */
struct lease network_settings_lease(const struct network_settings *settings);

#endif
