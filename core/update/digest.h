/* SHA-256 (FIPS 180-4), fed piece by piece. The code is HACL*'s, which is proved correct and which
 * the program has anyway: it is that of Python's hashlib. */
#ifndef FAPWS4_UPDATE_DIGEST_H
#define FAPWS4_UPDATE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32 };

struct digest {
    uint32_t words[8];
    uint8_t block[64];
    uint64_t length;
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);

/* The digest of all that was added so far; more may be added afterwards. */
void digest_read(const struct digest *digest, uint8_t out[DIGEST_SIZE]);

#endif
