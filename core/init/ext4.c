#include "ext4.h"

/* Of the superblock: byte offsets, all values with their lowest byte first. */
enum { BLOCKS_LOW = 4, BLOCK_SIZE = 24, BLOCKS_PER_GROUP = 32, MAGIC = 56, BLOCKS_HIGH = 336 };
enum { EXT4_MAGIC = 0xef53, LARGEST_BLOCK_SIZE = 6 /* 64 KiB */ };

/* ext4 leaves a last group away that has no room for its own tables. It is not even asked for
 * one of less than a sixteenth of a group (8 MiB), or it would be asked in vain at every boot. */
enum { SMALLEST_GROUP = 16 };

static uint32_t get(const uint8_t *bytes, int size)
{
    uint32_t value = 0;

    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

uint64_t ext4_target(const uint8_t superblock[EXT4_SUPERBLOCK], uint64_t bytes,
                     uint32_t *block_size)
{
    uint32_t shift = get(superblock + BLOCK_SIZE, 4);
    uint32_t group = get(superblock + BLOCKS_PER_GROUP, 4);
    uint64_t blocks = get(superblock + BLOCKS_LOW, 4), target;

    if (get(superblock + MAGIC, 2) != EXT4_MAGIC || shift > LARGEST_BLOCK_SIZE || group == 0)
        return 0;
    *block_size = 1024U << shift;
    blocks |= (uint64_t)get(superblock + BLOCKS_HIGH, 4) << 32;
    target = bytes / *block_size;
    if (target > group && target % group < group / SMALLEST_GROUP)
        target -= target % group;
    return target > blocks ? target : 0;
}
