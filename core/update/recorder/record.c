#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Documentation/admin-guide/device-mapper/log-writes.rst; numbers are little-endian, as here. */
static const uint64_t magic = 0x6a736677736872;

enum { SECTOR = 512, FLUSH = 1, PORTION = 128 };

struct head {
    uint64_t magic, version, entries;
    uint32_t sector;
};

struct entry {
    uint64_t sector, sectors, flags, length;
};

static int record = -1;
static off_t end = SECTOR;
static struct head head = {.magic = magic, .version = 1, .sector = SECTOR};

static bool write_all(const void *bytes, size_t length, off_t at)
{
    return pwrite(record, bytes, length, at) == (ssize_t)length;
}

static bool open_record(void)
{
    const char *path = getenv("FAPWS_WRITE_LOG");

    if (record >= 0)
        return true;
    record = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    return record >= 0;
}

/* The entry is counted when all of it is there. */
static bool add(const struct entry *entry, const char *bytes)
{
    char sector[SECTOR] = {0};
    size_t length = (size_t)entry->sectors * SECTOR;

    memcpy(sector, entry, sizeof *entry);
    if (!open_record() || !write_all(sector, sizeof sector, end) ||
        !write_all(bytes, length, end + SECTOR))
        return false;
    end += SECTOR + (off_t)length;
    head.entries++;
    memset(sector, 0, sizeof sector);
    memcpy(sector, &head, sizeof head);
    return write_all(sector, sizeof sector, 0);
}

/* A disk knows whole sectors: those that the write has touched, as they are now. */
static bool add_sectors(int fd, uint64_t first, uint64_t last)
{
    static char bytes[PORTION * SECTOR];

    for (uint64_t at = first; at <= last; at += PORTION) {
        uint64_t count = last - at + 1 < PORTION ? last - at + 1 : PORTION;
        struct entry entry = {.sector = at, .sectors = count};

        if (pread(fd, bytes, count * SECTOR, (off_t)(at * SECTOR)) != (ssize_t)(count * SECTOR) ||
            !add(&entry, bytes))
            return false;
    }
    return true;
}

ssize_t recorded_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    ssize_t count = pwrite(fd, bytes, length, at);

    if (count > 0 && !add_sectors(fd, (uint64_t)at / SECTOR, ((uint64_t)(at + count) - 1) / SECTOR)) {
        errno = errno ? errno : EIO;
        return -1;
    }
    return count;
}

int recorded_fsync(int fd)
{
    struct entry entry = {.flags = FLUSH};
    int result = fsync(fd);

    return result == 0 && !add(&entry, NULL) ? -1 : result;
}
