#include "preseed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../crc32.h"
#include "../file.h"
#include "../settings.h"

enum { SECTOR = 512, PATH_SIZE = 256 };

static const char first_words[] = "fapws4-preseed 1 ";

/* The two numbers of the head line `fapws4-preseed 1 LENGTH CRC32`. */
static bool read_head(struct span *block, unsigned long *length, unsigned long *sum)
{
    struct span words;
    char text[32];
    char *end;

    if (!span_next_line(block, &words) || !span_skip(&words, first_words) ||
        !span_copy(words, text, sizeof text))
        return false;
    *length = strtoul(text, &end, 10);
    if (end == text || *end != ' ')
        return false;
    *sum = strtoul(end + 1, &end, 16);
    return *end == '\0' && *length <= block->length;
}

int preseed_read(const char *device, struct span *body)
{
    static char block[PRESEED_SIZE];
    unsigned long length, sum;
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    *body = (struct span){block, 0};
    if (fd < 0)
        return errno;
    count = pread(fd, block, sizeof block, PRESEED_AT);
    close(fd);
    if (count != sizeof block)
        return count < 0 ? errno : EIO;
    if (block[0] == '\0')
        return 0;
    *body = (struct span){block, sizeof block};
    if (!read_head(body, &length, &sum) || crc32_of(body->start, length) != sum) {
        body->length = 0;
        return EILSEQ;
    }
    body->length = length;
    return 0;
}

static int store_file(const char *folder, const char *name, struct span text)
{
    char path[PATH_SIZE];

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return ENAMETOOLONG;
    return file_keep(path, text);
}

/* The file that an entry has to itself; NULL: it is one of the settings. */
static const char *own_file(struct span key)
{
    static const char *const files[][2] = {
        {"claim", "claim"}, {"certificate", "certificate.pem"}, {"key", "key.pem"}};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (span_equals(key, files[i][0]))
            return files[i][1];
    return NULL;
}

int preseed_store(struct span body, const char *folder)
{
    static char settings[PRESEED_SIZE];
    struct span rest = body, kept = {settings, 0}, key, value;
    int error = 0;

    while (!error && rest.length > 0) {
        const char *entry = rest.start;

        if (!settings_next(&rest, &key, &value))
            return EILSEQ;
        if (own_file(key)) {
            error = store_file(folder, own_file(key), value);
            continue;
        }
        memcpy(settings + kept.length, entry, (size_t)(rest.start - entry));
        kept.length += (size_t)(rest.start - entry);
    }
    return error ? error : store_file(folder, "preseed.conf", kept);
}

static int write_zeros(int fd, off_t at, size_t length)
{
    static const char zeros[PRESEED_SIZE];
    ssize_t count = pwrite(fd, zeros, length, at);

    if (count != (ssize_t)length)
        return count < 0 ? errno : EIO;
    return fsync(fd) == 0 ? 0 : errno;
}

int preseed_erase(const char *device)
{
    int fd = open(device, O_WRONLY | O_CLOEXEC);
    int error;

    if (fd < 0)
        return errno;
    error = write_zeros(fd, PRESEED_AT, SECTOR);
    if (!error)
        error = write_zeros(fd, PRESEED_AT + SECTOR, PRESEED_SIZE - SECTOR);
    close(fd);
    return error;
}
