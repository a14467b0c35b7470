#include "crc32.h"

uint32_t crc32_of(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    uint32_t sum = 0xffffffff;

    for (size_t i = 0; i < length; i++) {
        sum ^= byte[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}
