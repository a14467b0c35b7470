/* What single bytes are in the grammars of HTTP and of URIs. */
#ifndef FAPWS4_CHARACTER_H
#define FAPWS4_CHARACTER_H

#include "buffer.h"

enum {
    CHARACTER_TOKEN = 1,   /* tchar, RFC 9110 section 5.6.2 */
    CHARACTER_HOST = 2,    /* of a reg-name, RFC 3986 section 3.2.2, and '%' */
    CHARACTER_DIGIT = 4,
    CHARACTER_HEX = 8,
    CHARACTER_TEXT = 16,   /* of a field value with its blanks, RFC 9110 section 5.5 */
    CHARACTER_PATH = 32,   /* of a path that is sent to a server, but '%' */
    CHARACTER_QUERY = 64,  /* of a query: those, '%' and '?' */
};

/* For each byte the sum of its classes. */
extern const unsigned char character_classes[256];

static inline bool character_is(char c, unsigned char_class)
{
    return (character_classes[(unsigned char)c] & char_class) != 0;
}

/* True when all bytes are of the class; an empty slice is. */
bool characters_are(struct slice text, unsigned char_class);

/* The value of a hexadecimal digit. */
int character_hex_value(char c);

/* The byte that "%XX" at the start of the text stands for, or -1 when it does not begin so. */
int character_decode_percent(struct slice text);

#endif
