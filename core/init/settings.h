/* What this one device has been told: how it is on the network, and its time zone. Pure.
 *
 * The text is a row of entries: `KEY LENGTH`, '\n', so many bytes, '\n'. It comes from a preseed
 * (preseed.h) or an order, and is kept in /data. */
#ifndef FAPWS4_INIT_SETTINGS_H
#define FAPWS4_INIT_SETTINGS_H

#include "network/network_settings.h"
#include "span.h"

struct settings {
    struct network_settings network;
    char zone[64];     /* its name, for people: "Europe/Vienna"; "" = not told */
    char timezone[64]; /* a POSIX TZ rule; "" = UTC */
};

/* Takes the next entry off the front of *rest. False at the end, and where no whole entry
 * stands: *rest is then not empty. */
bool settings_next(struct span *rest, struct span *key, struct span *value);

/* Reads `text`; an unknown key is passed over. False, and all as if nothing had been said, when
 * a value is none that its key can have or the text is not whole. */
bool settings_parse(struct span text, struct settings *settings);

#endif
