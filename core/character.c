#include "character.h"

const unsigned char character_classes[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0, 16,  0,  0,  0,  0,  0,  0, /* 0x00 */
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, /* 0x10 */
    16, 19, 16, 17, 19, 19, 19, 19, 18, 18, 19, 19, 18, 19, 19, 16, /* 0x20 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 16, 18, 16, 18, 16, 16, /* 0x30 */
    16, 27, 27, 27, 27, 27, 27, 19, 19, 19, 19, 19, 19, 19, 19, 19, /* 0x40 */
    19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 16, 16, 16, 17, 19, /* 0x50 */
    17, 27, 27, 27, 27, 27, 27, 19, 19, 19, 19, 19, 19, 19, 19, 19, /* 0x60 */
    19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 16, 17, 16, 19,  0, /* 0x70 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0x80 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0x90 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xa0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xb0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xc0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xd0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xe0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 0xf0 */
};

bool characters_are(struct slice text, unsigned char_class)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!character_is(text.data[i], char_class))
            return false;
    }
    return true;
}

int character_hex_value(char c)
{
    return character_is(c, CHARACTER_DIGIT) ? c - '0' : (c | 0x20) - 'a' + 10;
}

int character_decode_percent(struct slice text)
{
    if (text.length < 3 || text.data[0] != '%' || !character_is(text.data[1], CHARACTER_HEX) ||
        !character_is(text.data[2], CHARACTER_HEX))
        return -1;
    return character_hex_value(text.data[1]) * 16 + character_hex_value(text.data[2]);
}
