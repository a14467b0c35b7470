/* The one thing that is read of an ext4 file system here: how large it is, and how large it could
 * be. Pure. */
#ifndef FAPWS4_INIT_EXT4_H
#define FAPWS4_INIT_EXT4_H

#include <stdint.h>

enum { EXT4_SUPERBLOCK = 1024 }; /* bytes, and where it lies in the partition */

/* The number of blocks that the file system with this superblock should have in `bytes` bytes;
 * 0 when it is no ext4, or when there is nothing to gain. *block_size is set when it is one. */
uint64_t ext4_target(const uint8_t superblock[EXT4_SUPERBLOCK], uint64_t bytes,
                     uint32_t *block_size);

#endif
