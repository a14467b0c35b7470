/* The little that is known of ext4 file systems here: how large one is and could be, and whether
 * its superblock was torn. Pure. */
#ifndef FAPWS4_INIT_EXT4_H
#define FAPWS4_INIT_EXT4_H

#include <stdbool.h>
#include <stdint.h>

enum { EXT4_SUPERBLOCK = 1024 }; /* bytes, and where it lies in the partition */

/* The number of blocks that the file system with this superblock should have in `bytes` bytes;
 * 0 when it is no ext4, or when there is nothing to gain. *block_size is set when it is one. */
uint64_t ext4_target(const uint8_t superblock[EXT4_SUPERBLOCK], uint64_t bytes,
                     uint32_t *block_size);

/* A superblock has two sectors of 512 bytes. All that ever changes in it while its file system is
 * used stands in the first, but its checksum in the second: a power cut between the two leaves one
 * that no kernel mounts, though either first sector is a good one. Gives such a superblock the
 * checksum that it should have; false, and unchanged, when it has that, or is none with one. */
bool ext4_mend(uint8_t superblock[EXT4_SUPERBLOCK]);

#endif
