/* The claim code: who knows it may change this device. It is what a person has read from the
 * screen, or was told with the device, so it is compared as people type. Pure. */
#ifndef FAPWS4_INIT_CLAIM_H
#define FAPWS4_INIT_CLAIM_H

#include <stdint.h>

#include "../span.h"

/* Of a code that a device makes: 60 bits, in Crockford's base32. */
enum { CLAIM_LENGTH = 12, CLAIM_GROUP = 4 };

struct claim {
    char code[65];  /* "" = there is none, and nothing matches */
    unsigned wrong; /* guesses in a row */
};

/* A code of this many random bytes, in groups of four. */
void claim_make(struct claim *claim, const uint8_t random[CLAIM_LENGTH]);

/* Takes the code over, white space at its end aside. False when it is none, or too long. */
bool claim_read(struct claim *claim, struct span text);

/* Whether this is the code: capital and small letters, O and 0, I, L and 1 are the same; blanks
 * and hyphens do not matter. In a time that does not depend on what is typed but for its
 * length. */
bool claim_matches(const struct claim *claim, struct span typed);

/* Counts a guess. The milliseconds after which it may be answered: none when it was right; the
 * wrong ones in a row, whoever makes them, wait for 1, 2, 4 and so on up to 60 seconds. */
int64_t claim_wait(struct claim *claim, bool right);

#endif
