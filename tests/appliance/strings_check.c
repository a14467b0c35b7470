/* core/libc/strings.c beside plain loops, at every alignment and at both ends of a page whose neighbours are unreadable.
 *
 * Linked with it for each processor and run under QEMU: it stands for the libc's own functions there. Nothing is printed
 * and the exit code is 0 when all agree; otherwise the case is named. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LONGEST = 70, OFFSETS = 17 };

static size_t page;

static void *guarded_page(void)
{
    char *memory = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_READ | PROT_WRITE) != 0)
        abort();
    return memory + page;
}

static void *plain_memchr(const unsigned char *memory, int value, size_t length)
{
    for (size_t at = 0; at < length; at++)
        if (memory[at] == (unsigned char)value)
            return (void *)(uintptr_t)(memory + at);
    return NULL;
}

static void *plain_memrchr(const unsigned char *memory, int value, size_t length)
{
    while (length-- > 0)
        if (memory[length] == (unsigned char)value)
            return (void *)(uintptr_t)(memory + length);
    return NULL;
}

static int plain_memcmp(const unsigned char *left, const unsigned char *right, size_t length)
{
    for (size_t at = 0; at < length; at++)
        if (left[at] != right[at])
            return left[at] < right[at] ? -1 : 1;
    return 0;
}

static int sign(int value) { return (value > 0) - (value < 0); }

/* A few different bytes, so that matches are frequent. */
static void fill(unsigned char *memory, size_t length)
{
    static const unsigned char bytes[] = {0, 1, 0x7f, 0x80, 0xff, 'a', 'b'};
    for (size_t at = 0; at < length; at++)
        memory[at] = bytes[(unsigned)rand() % sizeof bytes];
}

static void expect(int agrees, const char *name, size_t offset, size_t length)
{
    if (!agrees) {
        printf("%s is wrong: offset %zu of the page, length %zu\n", name, offset, length);
        exit(1);
    }
}

static void check(unsigned char *left, unsigned char *right, size_t offset, size_t length)
{
    static const int values[] = {0, 1, 0x80, 0xff, 0x161};
    unsigned char *text = left + offset, *other = right + page - length;
    fill(text, length);
    memcpy(other, text, length);
    if (length > 0 && rand() % 5 != 0)
        fill(other + (unsigned)rand() % length, 1);
    for (size_t at = 0; at < sizeof values / sizeof *values; at++) {
        expect(memchr(text, values[at], length) == plain_memchr(text, values[at], length), "memchr", offset, length);
        expect(memrchr(text, values[at], length) == plain_memrchr(text, values[at], length), "memrchr", offset, length);
    }
    int expected = plain_memcmp(text, other, length);
    expect(sign(memcmp(text, other, length)) == expected, "memcmp", offset, length);
    expect((bcmp(text, other, length) != 0) == (expected != 0), "bcmp", offset, length);
    if (length > 0) {
        text[length - 1] = 0;
        size_t until_zero = (size_t)((unsigned char *)plain_memchr(text, 0, length) - text);
        expect(strlen((char *)text) == until_zero, "strlen", offset, length);
        expect(memchr(text, 0, SIZE_MAX) == text + until_zero, "memchr without an end", offset, length);
    }
}

int main(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *left = guarded_page(), *right = guarded_page();
    for (size_t length = 0; length <= LONGEST; length++)
        for (size_t offset = 0; offset < OFFSETS; offset++) {
            check(left, right, offset, length);
            check(left, right, page - length - offset, length);
        }
    return 0;
}
