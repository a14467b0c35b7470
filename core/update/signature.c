#include "signature.h"

#include <string.h>

#include <Hacl_Hash_SHA2.h>
#include <monocypher.h>

/* RFC 8032, 5.1.7, step 2: SHA-512 of R, A and the message, as a number below L. */
static void challenge(const uint8_t signature[SIGNATURE_SIZE], const uint8_t key[KEY_SIZE],
                      const void *message, size_t length, uint8_t number[32])
{
    uint64_t words[8] = {0};
    uint8_t block[128] = {0}, hash[64];
    Hacl_Streaming_MD_state_64 state = {words, block, 0};

    Hacl_Hash_SHA2_reset_512(&state);
    Hacl_Hash_SHA2_update_512(&state, (uint8_t *)signature, 32);
    Hacl_Hash_SHA2_update_512(&state, (uint8_t *)key, KEY_SIZE);
    Hacl_Hash_SHA2_update_512(&state, (uint8_t *)message, (uint32_t)length);
    Hacl_Hash_SHA2_digest_512(&state, hash);
    crypto_eddsa_reduce(number, hash);
}

/* Whether 8A is the neutral element: then A satisfies Monocypher's equation, 8(sB - hA - R) = 0,
 * with s = 0, h = 1 and R the neutral element. */
static bool is_of_small_order(const uint8_t key[KEY_SIZE])
{
    static const uint8_t neutral[SIGNATURE_SIZE] = {1}, one[32] = {1};

    return crypto_eddsa_check_equation(neutral, key, one) == 0;
}

bool signature_is_valid(const uint8_t signature[SIGNATURE_SIZE], const uint8_t key[KEY_SIZE],
                        const void *message, size_t length)
{
    uint8_t number[32];

    if (length > UINT32_MAX || is_of_small_order(key))
        return false;
    challenge(signature, key, message, length, number);
    return crypto_eddsa_check_equation(signature, key, number) == 0;
}

static bool has_signed(const uint8_t key[KEY_SIZE], const struct signature *signatures,
                       size_t count, const void *message, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(signatures[i].key, key, KEY_SIZE) == 0 &&
            signature_is_valid(signatures[i].bytes, key, message, length))
            return true;
    return false;
}

bool signatures_suffice(const struct key_set *set, const struct signature *signatures,
                        size_t count, const void *message, size_t length)
{
    unsigned signers = 0;

    for (unsigned i = 0; i < set->count; i++)
        signers += has_signed(set->keys[i], signatures, count, message, length);
    return set->threshold > 0 && signers >= set->threshold;
}
