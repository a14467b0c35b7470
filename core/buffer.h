/* Bytes: a slice looks at memory of someone else, a buffer owns memory that grows. */
#ifndef FAPWS4_BUFFER_H
#define FAPWS4_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t length;
};

/* Zeroed is a valid empty buffer. `failed` stays set after an allocation failed; from then on
 * appending does nothing, so that a writer checks once, at its end. */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

/* The slice of a string literal. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

/* The slice of a string that ends with NUL. */
struct slice slice_of(const char *text);

/* True when both hold the same bytes. */
static inline bool slice_equals(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* True when both hold the same bytes; the second is lower case, ASCII letters of the first compare
 * without regard to case (tokens of RFC 9110 section 5.6.2). */
bool slice_is(struct slice slice, struct slice lower_case);

/* Without the spaces and tabs at both ends (OWS of RFC 9110 section 5.6.3). */
struct slice slice_trim(struct slice slice);

/* Makes room for `extra` more bytes behind the present ones; false when memory is out. */
bool buffer_grow(struct buffer *buffer, size_t extra);

/* Appends lower-case hexadecimal digits. */
void buffer_append_hex(struct buffer *buffer, unsigned long long number);

/* Drops the first `count` bytes (at most all of them). */
void buffer_consume(struct buffer *buffer, size_t count);

/* Frees the memory; the buffer is empty and usable afterwards. */
void buffer_finish(struct buffer *buffer);

/* As buffer_grow, without a call when there is room already. */
static inline bool buffer_reserve(struct buffer *buffer, size_t extra)
{
    return buffer->capacity - buffer->length >= extra || buffer_grow(buffer, extra);
}

/* Appends a copy of `length` bytes. */
static inline void buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    if (length == 0 || !buffer_reserve(buffer, length))
        return;
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

static inline void buffer_append_slice(struct buffer *buffer, struct slice slice)
{
    buffer_append(buffer, slice.data, slice.length);
}

#endif
