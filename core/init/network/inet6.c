#include "inet6.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../file.h"

enum {
    LIST_SIZE = 4096,  /* bytes; 70 addresses */
    SCOPE_HOST = 0x10, /* IPV6_ADDR_LOOPBACK */
    TENTATIVE = 0x40,  /* IFA_F_TENTATIVE */
    DUPLICATE = 0x08,  /* IFA_F_DADFAILED */
};

bool inet6_read(struct span text, uint8_t address[INET6_SIZE])
{
    char copy[INET6_TEXT_SIZE];

    return span_copy(text, copy, sizeof copy) && strlen(copy) == text.length &&
           inet_pton(AF_INET6, copy, address) == 1;
}

void inet6_text(const uint8_t address[INET6_SIZE], char text[INET6_TEXT_SIZE])
{
    inet_ntop(AF_INET6, address, text, INET6_TEXT_SIZE);
}

bool inet6_is_host(const uint8_t address[INET6_SIZE])
{
    return address[0] != 0 && address[0] != 0xff;
}

bool inet6_is_link_local(const uint8_t address[INET6_SIZE])
{
    return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool inet6_is_none(const uint8_t address[INET6_SIZE])
{
    static const uint8_t none[INET6_SIZE];

    return memcmp(address, none, sizeof none) == 0;
}

bool inet6_same_network(const uint8_t one[INET6_SIZE], const uint8_t other[INET6_SIZE],
                        unsigned prefix)
{
    unsigned whole = prefix / 8, bits = prefix % 8;

    return memcmp(one, other, whole) == 0 &&
           (bits == 0 || (one[whole] ^ other[whole]) >> (8 - bits) == 0);
}

/* The next word of a line, which is a hexadecimal number. */
static bool read_number(struct span *line, unsigned long *number)
{
    struct span word;
    char digits[9], *end;

    if (!span_next_word(line, &word) || !span_copy(word, digits, sizeof digits))
        return false;
    *number = strtoul(digits, &end, 16);
    return *end == '\0';
}

static bool read_address(struct span *line, uint8_t address[INET6_SIZE])
{
    struct span word;

    if (!span_next_word(line, &word) || word.length != 2 * INET6_SIZE)
        return false;
    for (size_t i = 0; i < INET6_SIZE; i++) {
        char digits[] = {word.start[2 * i], word.start[2 * i + 1], '\0'}, *end;

        address[i] = (uint8_t)strtoul(digits, &end, 16);
        if (*end != '\0')
            return false;
    }
    return true;
}

/* "fe80000000000000505400fffe123456 02 40 20 80     eth0": address, interface, prefix, scope,
 * flags, name. */
static bool read_line(struct span line, struct inet6 *found)
{
    unsigned long index, prefix, scope, flags;

    if (!read_address(&line, found->address) || !read_number(&line, &index) ||
        !read_number(&line, &prefix) || !read_number(&line, &scope) || !read_number(&line, &flags))
        return false;
    found->index = (int)index;
    found->usable = scope != SCOPE_HOST && (flags & (TENTATIVE | DUPLICATE)) == 0;
    return true;
}

bool inet6_next(struct span *rest, struct inet6 *found)
{
    struct span line;

    while (span_next_line(rest, &line))
        if (read_line(line, found))
            return true;
    return false;
}

struct span inet6_list(void)
{
    static char text[LIST_SIZE];

    return file_read("/proc/net/if_inet6", text, sizeof text);
}
