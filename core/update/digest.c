#include "digest.h"

#include <Hacl_Hash_SHA2.h>

/* HACL*'s own view of it; it is given no memory to allocate. */
static Hacl_Streaming_MD_state_32 state_of(const struct digest *digest)
{
    return (Hacl_Streaming_MD_state_32){(uint32_t *)digest->words, (uint8_t *)digest->block,
                                        digest->length};
}

void digest_begin(struct digest *digest)
{
    Hacl_Streaming_MD_state_32 state;

    *digest = (struct digest){.length = 0};
    state = state_of(digest);
    Hacl_Hash_SHA2_reset_256(&state);
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
    const uint8_t *rest = bytes;

    while (length > 0) {
        uint32_t count = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
        Hacl_Streaming_MD_state_32 state = state_of(digest);
        Hacl_Hash_SHA2_update_256(&state, (uint8_t *)rest, count);
        digest->length = state.total_len;
        rest += count;
        length -= count;
    }
}

void digest_read(const struct digest *digest, uint8_t out[DIGEST_SIZE])
{
    Hacl_Streaming_MD_state_32 state = state_of(digest);

    Hacl_Hash_SHA2_digest_256(&state, out);
}
