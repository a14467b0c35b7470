/* The CRC-32 of Ethernet, zlib and GUID partition tables. Pure. */
#ifndef FAPWS4_INIT_CRC32_H
#define FAPWS4_INIT_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t length);

#endif
