/* The strict texts of updates: printable ASCII, every line ended by '\n', words parted by exactly
 * one blank. Whatever reads otherwise is refused, so that a text has one meaning only. */
#ifndef FAPWS4_UPDATE_TEXT_H
#define FAPWS4_UPDATE_TEXT_H

#include <stdint.h>

#include "../init/span.h"

/* Takes the next line off the front of *rest, without its '\n'. False when there is none, when it
 * is not ended, or holds anything but printable ASCII. */
bool text_line(struct span *rest, struct span *line);

/* Takes the next word off the front of *line. False when there is none: at the end, before a
 * second blank, before a blank that ends the line. */
bool text_word(struct span *line, struct span *word);

/* Digits without a sign or a leading zero, up to `most`. */
bool text_number(struct span word, uint64_t most, uint64_t *number);

/* Exactly 2*size lower-case hexadecimal digits into out[size]. */
bool text_hex(struct span word, uint8_t *out, size_t size);

/* Letters, digits and the characters of `further`, at least one, into out[size] with a NUL. */
bool text_name(struct span word, const char *further, char *out, size_t size);

#endif
