/* memchr, memrchr, memcmp, bcmp and strlen for the static link.
 *
 * zig's libc has byte loops for these (0.5 to 4 GB/s where 16 bytes a step give 30), and its symbols are weak, so
 * these replace them. Compile with -fno-builtin: a compiler that recognises the loops would call the function itself.
 * Reads beyond the end stay inside the aligned 16 bytes that hold the last byte, hence inside its page.
 * memmem was tried too and left alone: nothing in CPython, libuv or the core calls it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef unsigned char byte;

#if defined(__SSE2__)
#include <emmintrin.h>
#define LANES 16
#define BITS_PER_LANE 1
typedef __m128i vector;
static vector load(const byte *at) { return _mm_loadu_si128((const vector *)at); }
static vector fill(int value) { return _mm_set1_epi8((char)value); }
/* One bit per equal byte. */
static uint64_t equal(vector a, vector b)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
}
#define ALL_EQUAL 0xffffu
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define LANES 16
#define BITS_PER_LANE 4
typedef uint8x16_t vector;
static vector load(const byte *at) { return vld1q_u8(at); }
static vector fill(int value) { return vdupq_n_u8((byte)value); }
/* Four bits per equal byte: NEON has no movemask, narrowing shifts are the shortest way. */
static uint64_t equal(vector a, vector b)
{
    uint16x8_t pairs = vreinterpretq_u16_u8(vceqq_u8(a, b));
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(pairs, 4)), 0);
}
#define ALL_EQUAL UINT64_MAX
#else
#define LANES 8
#define BITS_PER_LANE 8
typedef uint64_t vector;
static vector load(const byte *at)
{
    vector value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}
static vector fill(int value) { return UINT64_C(0x0101010101010101) * (byte)value; }
/* 0x80 for each equal byte, exact also next to other equal bytes (little-endian). */
static uint64_t equal(vector a, vector b)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t x = a ^ b;
    return ~(((x & low) + low) | x | low);
}
#define ALL_EQUAL UINT64_C(0x8080808080808080)
#endif

static size_t first(uint64_t mask) { return (size_t)__builtin_ctzll(mask) / BITS_PER_LANE; }
static size_t last(uint64_t mask) { return (size_t)(63 - __builtin_clzll(mask)) / BITS_PER_LANE; }

/* The aligned block that holds `at`, its lanes, and the mask with the lanes before `at` cleared. Processors that cannot
 * read across words (riscv64) need to be told of the alignment, or they go byte by byte. */
static const byte *aligned(const byte *at) { return (const byte *)((uintptr_t)at & ~(uintptr_t)(LANES - 1)); }
static vector load_aligned(const byte *block) { return load(__builtin_assume_aligned(block, LANES)); }
static uint64_t from(const byte *at, uint64_t mask)
{
    unsigned skipped = (unsigned)((uintptr_t)at & (LANES - 1)) * BITS_PER_LANE;
    return mask >> skipped << skipped;
}

void *memchr(const void *memory, int value, size_t length)
{
    const byte *at = memory;
    /* "search until found" is said with a huge length: the end is then the end of the address space. */
    uintptr_t last_address = (uintptr_t)memory + length < length ? UINTPTR_MAX : (uintptr_t)memory + length;
    const byte *end = (const byte *)last_address;
    const vector wanted = fill(value);
    if (length == 0)
        return NULL;
    const byte *block = aligned(at);
    uint64_t found = from(at, equal(load_aligned(block), wanted));
    while (found == 0) {
        block += LANES;
        if (block >= end)
            return NULL;
        found = equal(load_aligned(block), wanted);
    }
    at = block + first(found);
    return at < end ? (void *)(uintptr_t)at : NULL;
}

void *memrchr(const void *memory, int value, size_t length)
{
    const byte *start = memory;
    const vector wanted = fill(value);
    for (; length >= LANES; length -= LANES) {
        uint64_t found = equal(load(start + length - LANES), wanted);
        if (found != 0)
            return (void *)(uintptr_t)(start + length - LANES + last(found));
    }
    while (length-- > 0)
        if (start[length] == (byte)value)
            return (void *)(uintptr_t)(start + length);
    return NULL;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const byte *a = left, *b = right;
    for (; length >= LANES; length -= LANES, a += LANES, b += LANES) {
        uint64_t differ = equal(load(a), load(b)) ^ ALL_EQUAL;
        if (differ != 0)
            return a[first(differ)] - b[first(differ)];
    }
    for (; length > 0; length--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

int bcmp(const void *left, const void *right, size_t length)
{
    return memcmp(left, right, length);
}

size_t strlen(const char *text)
{
    const byte *at = (const byte *)text;
    const byte *block = aligned(at);
    uint64_t found = from(at, equal(load_aligned(block), fill(0)));
    while (found == 0) {
        block += LANES;
        found = equal(load_aligned(block), fill(0));
    }
    return (size_t)(block + first(found) - at);
}
