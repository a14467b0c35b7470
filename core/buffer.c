#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 512, LONGEST_NUMBER = 16 };

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool slice_is(struct slice slice, struct slice lower_case)
{
    if (slice.length != lower_case.length)
        return false;
    for (size_t i = 0; i < slice.length; i++) {
        char c = slice.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c != lower_case.data[i])
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.length > 0 && is_blank(slice.data[0])) {
        slice.data++;
        slice.length--;
    }
    while (slice.length > 0 && is_blank(slice.data[slice.length - 1]))
        slice.length--;
    return slice;
}

bool buffer_grow(struct buffer *buffer, size_t extra)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
    char *data;

    if (buffer->failed)
        return false;
    while (capacity - buffer->length < extra && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    data = capacity - buffer->length < extra ? NULL : realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_append_hex(struct buffer *buffer, unsigned long long number)
{
    char digits[LONGEST_NUMBER];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[number % 16];
        number /= 16;
    } while (number > 0);
    buffer_append(buffer, digits + at, sizeof(digits) - at);
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    if (count >= buffer->length) {
        buffer->length = 0;
        return;
    }
    buffer->length -= count;
    memmove(buffer->data, buffer->data + count, buffer->length);
}

void buffer_finish(struct buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}
