#include "block_memo.h"

#include <stdlib.h>

/* Larger blocks are rare, and would make the bound of the memory a high one. */
enum { LEAST_BYTES = 8, MOST_BYTES = 4096, MOST_HEADERS = 64 };

/* Quick, and good enough: a collision costs time only, since blocks are compared byte by byte. */
static uint64_t hash_of(struct slice bytes)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t hash = bytes.length * odd;
    uint64_t word;

    for (size_t i = 0; i + sizeof(word) < bytes.length; i += sizeof(word)) {
        memcpy(&word, bytes.data + i, sizeof(word));
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    memcpy(&word, bytes.data + bytes.length - sizeof(word), sizeof(word));
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

static void empty(struct block *block)
{
    free((void *)block->headers); /* the bytes lie behind them */
    memset(block, 0, sizeof(*block));
}

static bool fill(struct block *block, const struct parsed_block *parsed)
{
    size_t size = parsed->header_count * sizeof(struct phr_header);
    struct phr_header *headers = malloc(size + parsed->bytes.length);
    char *copy;

    empty(block);
    if (headers == NULL)
        return false;
    copy = (char *)headers + size;
    memcpy(copy, parsed->bytes.data, parsed->bytes.length);
    for (size_t i = 0; i < parsed->header_count; i++) {
        headers[i] = parsed->headers[i];
        headers[i].name = copy + (headers[i].name - parsed->bytes.data);
        headers[i].value = copy + (headers[i].value - parsed->bytes.data);
    }
    block->fields = *parsed->fields;
    request_fields_move(&block->fields, parsed->bytes.data, copy);
    block->headers = headers;
    block->header_count = parsed->header_count;
    block->bytes = copy;
    block->length = parsed->bytes.length;
    return true;
}

static bool is_equal(const struct block *block, struct slice bytes)
{
    return block->length == bytes.length && memcmp(block->bytes, bytes.data, bytes.length) == 0;
}

const struct block *block_memo_note(struct block_memo *memo, const struct parsed_block *parsed)
{
    struct block *block;
    uint64_t hash;
    size_t slot;

    if (parsed->bytes.length < LEAST_BYTES || parsed->bytes.length > MOST_BYTES ||
        parsed->header_count > MOST_HEADERS)
        return NULL;
    hash = hash_of(parsed->bytes);
    slot = (size_t)(hash % BLOCK_SLOTS);
    block = &memo->slots[slot];
    if (block->length > 0 && is_equal(block, parsed->bytes)) {
        block->used = true;
        return block;
    }
    if (memo->candidates[slot] != hash || block->used) { /* who is used gets a second chance */
        memo->candidates[slot] = hash;
        block->used = false;
        return NULL;
    }
    if (!fill(block, parsed))
        return NULL;
    block->number = ++memo->count;
    return block;
}

void block_memo_finish(struct block_memo *memo)
{
    for (size_t i = 0; i < BLOCK_SLOTS; i++)
        empty(&memo->slots[i]);
}
