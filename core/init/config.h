/* /etc/appliance.conf: what the image builder tells PID 1 about this device. Lines `key=value`,
 * nothing else. */
#ifndef FAPWS4_INIT_CONFIG_H
#define FAPWS4_INIT_CONFIG_H

#include "span.h"

struct config {
    char name[64];     /* of the app: argv[0] of its process, the subject of lines about it */
    char version[64];  /* of the app, for people */
    char board[32];    /* recipe name */
    char data[37];     /* GUID of the data partition, in small letters; "" = none */
    char hostname[64]; /* one DNS label, as long as nobody has given it another name */
    char counter[21];  /* decimal: grows with every release; "" = not known */
    char usb_update[8]; /* what updates on USB sticks mean: ask, auto or off; "" = none is accepted */
    char settings[64];  /* the app's settings, a folder below its data; "" = it has none */
    char data_version[11]; /* decimal: in which way this version keeps them; "" = not known */
    char update_from[192]; /* REGISTRY/REPOSITORY:TAG with updates; "" = none */
    char update_every[11]; /* seconds between two looks there; "" = never by itself */
    char log_size[11];     /* bytes of the log in memory; "" = POLICY_LOG_FIRST */
    char built[12];        /* seconds since 1970: no clock that shows less is right */
    char ntp[64];          /* time servers, IPv4 addresses with commas between; "" = none */
    char devices[512];  /* the nodes that the app may use, as node_rule.h has them; "" = none */
    char health[128];  /* the app's HEALTH, a path; "" = it has none */
    char tls[8];       /* "device": the app is served with the device's certificate; "" = it is not */
};

/* Reads `text`; an unknown key, a value that is too long or that its key cannot mean is passed
 * over, and the default stays: name "app", hostname "fapws4", built 1700000000 (2023), all else "". Never fails: a device
 * boots without the file. */
void config_parse(struct span text, struct config *config);

#endif
