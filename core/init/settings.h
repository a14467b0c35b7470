/* What this one device has been told: its name, address and time zone. Pure.
 *
 * The text is a row of entries: `KEY LENGTH`, '\n', so many bytes, '\n'. It comes from a preseed
 * (preseed.h) and is kept in /data. */
#ifndef FAPWS4_INIT_SETTINGS_H
#define FAPWS4_INIT_SETTINGS_H

#include "lease.h"
#include "span.h"

struct settings {
    char hostname[64];  /* one DNS label; "" = that of the image */
    char timezone[64];  /* a POSIX TZ rule; "" = UTC */
    struct lease fixed; /* address 0 = by DHCP */
};

/* Takes the next entry off the front of *rest. False at the end, and where no whole entry
 * stands: *rest is then not empty. */
bool settings_next(struct span *rest, struct span *key, struct span *value);

/* Reads `text`; an unknown key is passed over. False, and all as if nothing had been said, when
 * a value is none that its key can have or the text is not whole. */
bool settings_parse(struct span text, struct settings *settings);

#endif
