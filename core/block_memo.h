/* Header blocks that came before. Clients send the same fields with each request: behind a request
 * line stands, byte for byte, what stood there last time. Such a block is told by one comparison and
 * not parsed again; its end need not even be looked for. */
#ifndef FAPWS4_BLOCK_MEMO_H
#define FAPWS4_BLOCK_MEMO_H

#include "request_fields.h"

/* One block, from the first field to the empty line and with it. */
struct block {
    const char *bytes;
    size_t length; /* 0: an empty slot */
    uint64_t number; /* of no other block before or after, for those who keep more about it */
    bool used; /* since the last attempt to replace it */
    struct request_fields fields; /* its slices and those of `headers` point into `bytes` */
    size_t header_count;
    const struct phr_header *headers;
};

enum { BLOCK_SLOTS = 64 };

/* Zeroed is valid and empty. Slots are found by a hash and shared by all connections; what falls on a
 * taken one replaces it sooner or later, so that the memory is bounded. */
struct block_memo {
    struct block slots[BLOCK_SLOTS];
    uint64_t candidates[BLOCK_SLOTS]; /* hashes of blocks that came once */
    uint64_t count;
};

/* What the parser found in a block. */
struct parsed_block {
    struct slice bytes;
    const struct request_fields *fields; /* of a request of HTTP/1.1 */
    const struct phr_header *headers;
    size_t header_count;
};

/* Takes note of a block that was parsed without fault. The block of the memo that is equal to it, NULL
 * as long as there is none: only what comes a second time is kept. */
const struct block *block_memo_note(struct block_memo *memo, const struct parsed_block *parsed);

/* Frees the memory. */
void block_memo_finish(struct block_memo *memo);

/* The block in a slot when `data` begins with it, else NULL. */
static inline const struct block *block_memo_match(struct block_memo *memo, unsigned slot,
                                                   const char *data, size_t length)
{
    struct block *block = &memo->slots[slot % BLOCK_SLOTS];

    if (block->length == 0 || block->length > length ||
        memcmp(block->bytes, data, block->length) != 0)
        return NULL;
    block->used = true;
    return block;
}

static inline unsigned block_memo_slot(const struct block_memo *memo, const struct block *block)
{
    return (unsigned)(block - memo->slots);
}

#endif
