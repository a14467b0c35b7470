/* Borrowed text, and the two ways PID 1 cuts it: into lines, and a line into words. Nothing is
 * copied. */
#ifndef FAPWS4_INIT_SPAN_H
#define FAPWS4_INIT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const char *start;
    size_t length;
};

struct span span_of(const char *text);

/* Takes the next non-empty line off the front of *rest, without its '\n'. False at the end. */
bool span_next_line(struct span *rest, struct span *line);

/* Takes the next word (blanks and tabs separate) off the front of *rest. False at the end. */
bool span_next_word(struct span *rest, struct span *word);

bool span_equals(struct span span, const char *text);

/* Takes `prefix` off the front of *span; false and unchanged when it does not stand there. */
bool span_skip(struct span *span, const char *prefix);

/* Takes the decimal number off the front of *span. False when none stands there, or a greater one
 * than `most`. */
bool span_read_number(struct span *span, uint32_t most, uint32_t *number);

/* Copies into out[size] with a final NUL. False when it does not fit: out is then "". */
bool span_copy(struct span span, char *out, size_t size);

#endif
