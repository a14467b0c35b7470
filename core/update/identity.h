/* What a device knows of itself, from the files of its running slot: what it is, which version it
 * runs, whom it trusts and where the parts of its slot lie. */
#ifndef FAPWS4_UPDATE_IDENTITY_H
#define FAPWS4_UPDATE_IDENTITY_H

#include "manifest.h"
#include "refusal.h"

struct identity {
    char product[64], board[32];
    uint64_t counter;
    struct key_set keys;
    struct layout slot;
};

/* Reads FOLDER/appliance.{conf,keys,manifest}. REFUSED_NO_KEYS when there are no keys: then no
 * update is ever accepted; REFUSED_UNKNOWN_DEVICE when anything is not as the builder writes it. */
enum refusal identity_read(const char *folder, struct identity *identity);

#endif
