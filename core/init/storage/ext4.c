#include "ext4.h"

/* Of the superblock: byte offsets, all values with their lowest byte first. */
enum { BLOCKS_LOW = 4, BLOCK_SIZE = 24, BLOCKS_PER_GROUP = 32, MAGIC = 56, BLOCKS_HIGH = 336 };
enum { READ_ONLY_FEATURES = 100, CHECKSUM_TYPE = 373, CHECKSUM = 1020 };
enum { METADATA_CHECKSUMS = 0x400, CRC32C = 1 };
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

/* CRC-32C without its last inversion, as ext4 has it. */
static uint32_t checksum(const uint8_t *bytes, int length)
{
    uint32_t sum = UINT32_MAX;

    for (int i = 0; i < length; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
    }
    return sum;
}

bool ext4_mend(uint8_t superblock[EXT4_SUPERBLOCK])
{
    uint32_t sum = checksum(superblock, CHECKSUM);

    if (get(superblock + MAGIC, 2) != EXT4_MAGIC || superblock[CHECKSUM_TYPE] != CRC32C ||
        !(get(superblock + READ_ONLY_FEATURES, 4) & METADATA_CHECKSUMS) ||
        get(superblock + CHECKSUM, 4) == sum)
        return false;
    for (int i = 0; i < 4; i++)
        superblock[CHECKSUM + i] = (uint8_t)(sum >> 8 * i);
    return true;
}
