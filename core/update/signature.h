/* Ed25519 signatures (RFC 8032), and whether enough of the keys that are trusted have signed. */
#ifndef FAPWS4_UPDATE_SIGNATURE_H
#define FAPWS4_UPDATE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_SIZE = 32, SIGNATURE_SIZE = 64, KEYS_MOST = 16 };

/* Who is trusted: `threshold` different ones of the keys must have signed. In ascending order,
 * none twice. */
struct key_set {
    unsigned threshold, count;
    uint8_t keys[KEYS_MOST][KEY_SIZE];
};

struct signature {
    uint8_t key[KEY_SIZE];
    uint8_t bytes[SIGNATURE_SIZE];
};

/* Whether `signature` is that of `key` over the message. Never for a key of small order, for
 * which anybody can sign. */
bool signature_is_valid(const uint8_t signature[SIGNATURE_SIZE], const uint8_t key[KEY_SIZE],
                        const void *message, size_t length);

/* Whether `threshold` keys of the set have each signed the message. However often a key signs, it
 * is one key; what other keys have signed does not matter. */
bool signatures_suffice(const struct key_set *set, const struct signature *signatures,
                        size_t count, const void *message, size_t length);

#endif
