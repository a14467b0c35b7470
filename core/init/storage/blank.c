#include "blank.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../settings.h"

enum { BLOCK = 65536 };

static int write_at(int fd, const char *data, size_t length, uint64_t at)
{
    while (length > 0) {
        ssize_t count = pwrite(fd, data, length, (off_t)at);

        if (count <= 0)
            return count < 0 ? errno : EIO;
        data += count;
        length -= (size_t)count;
        at += (uint64_t)count;
    }
    return 0;
}

static int write_zeros(int fd, uint64_t size)
{
    static const char zeros[BLOCK];
    int error = 0;

    for (uint64_t at = 0; !error && at < size; at += BLOCK)
        error = write_at(fd, zeros, size - at < BLOCK ? (size_t)(size - at) : BLOCK, at);
    return error;
}

static bool read_number(struct span text, uint64_t *number)
{
    char digits[24];
    char *end;

    if (!span_copy(text, digits, sizeof digits))
        return false;
    *number = strtoull(digits, &end, 10);
    return end != digits && *end == '\0';
}

/* The entries that lie at byte 0 (`first`), or all others. */
static int write_pieces(int fd, struct span pieces, uint64_t size, bool first)
{
    struct span key, value;
    uint64_t at;
    int error = 0;

    while (!error && settings_next(&pieces, &key, &value)) {
        if (!read_number(key, &at) || at > size || value.length > size - at)
            return EILSEQ;
        if ((at == 0) == first)
            error = write_at(fd, value.start, value.length, at);
    }
    if (!error && pieces.length > 0)
        return EILSEQ;
    if (!error && fsync(fd) != 0)
        error = errno;
    return error;
}

int blank_write(const char *device, struct span blank)
{
    struct span key, value;
    uint64_t size;
    int fd, error;

    if (!settings_next(&blank, &key, &value) || !span_equals(key, "size") ||
        !read_number(value, &size))
        return EILSEQ;
    fd = open(device, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    error = write_zeros(fd, size);
    if (!error && fsync(fd) != 0)
        error = errno;
    if (!error)
        error = write_pieces(fd, blank, size, false);
    if (!error)
        error = write_pieces(fd, blank, size, true);
    close(fd);
    return error;
}
