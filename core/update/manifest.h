/* What an update says of itself. Its exact bytes are what is signed; nothing in it is looked at
 * before a signature over them has been found valid. Lines in this order, all of them:
 *
 *     fapws4-manifest 1
 *     product NAME            the app
 *     board NAME
 *     version TEXT            for people
 *     counter NUMBER          a device takes no version with a lower one than its own
 *     data NUMBER             version of the app's data
 *     settings FOLDER         below the app's data; the line may be absent
 *     threshold NUMBER        with the keys: whom the new version trusts
 *     key HEX                 one to 16, ascending
 *     slot LENGTH             bytes of the slot from its beginning to its end
 *     part NAME OFFSET LENGTH SHA256      one to 32, ascending and apart; between them is zero
 */
#ifndef FAPWS4_UPDATE_MANIFEST_H
#define FAPWS4_UPDATE_MANIFEST_H

#include "digest.h"
#include "signature.h"
#include "text.h"

enum { MANIFEST_MOST = 64 << 10, PARTS_MOST = 32 };

struct part {
    char name[16];
    uint64_t offset, length;
    uint8_t digest[DIGEST_SIZE];
    bool has_digest;
};

/* A slot as its parts. */
struct layout {
    uint64_t length;
    unsigned count;
    struct part parts[PARTS_MOST];
};

struct manifest {
    char product[64], board[32], version[64], settings[64];
    uint64_t counter, data;
    struct key_set keys;
    struct layout slot;
};

/* False when `text` is not exactly that. */
bool manifest_parse(struct span text, struct manifest *manifest);

/* The lines threshold and key, which end the text: /etc/appliance.keys. */
bool key_set_parse(struct span text, struct key_set *set);

/* The lines slot and part, which end the text: /etc/appliance.manifest, in which the digest of
 * one part may be "-": not known. */
bool layout_parse(struct span text, struct layout *layout);

#endif
