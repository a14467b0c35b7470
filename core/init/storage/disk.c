#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../file.h"

_Static_assert(sizeof(struct gpt) == GPT_COPY, "a copy is read and written as it stands");

/* The node of a whole disk into `path`, from its uevent file. */
static bool read_disk(const char *uevent, char path[DISK_PATH])
{
    char text[1024], node[DISK_PATH - 8] = "";
    struct span rest = file_read(uevent, text, sizeof text);
    struct span line;
    bool whole = false;

    while (span_next_line(&rest, &line)) {
        if (span_skip(&line, "DEVNAME="))
            span_copy(line, node, sizeof node);
        else if (span_skip(&line, "DEVTYPE="))
            whole = span_equals(line, "disk");
    }
    snprintf(path, DISK_PATH, "/dev/%s", node);
    return whole && node[0];
}

static bool read_at(int fd, void *bytes, size_t length, uint64_t sector)
{
    return pread(fd, bytes, length, (off_t)(sector * GPT_SECTOR)) == (ssize_t)length;
}

static bool read_backup(int fd, uint64_t sectors, struct gpt *gpt)
{
    uint64_t at = sectors - GPT_COPY_SECTORS;

    return sectors > GPT_COPY_SECTORS && read_at(fd, gpt->entries, sizeof gpt->entries, at) &&
           read_at(fd, gpt->header, sizeof gpt->header, sectors - 1) &&
           gpt_is_whole(gpt, sectors - 1);
}

/* The copy in front, or the one at the end when a write of the former was cut. */
static bool read_table(int fd, struct disk *disk)
{
    uint64_t bytes = 0;

    if (ioctl(fd, BLKGETSIZE64, &bytes) != 0)
        return false;
    disk->sectors = bytes / GPT_SECTOR;
    return (read_at(fd, &disk->gpt, sizeof disk->gpt, 1) && gpt_is_whole(&disk->gpt, 1)) ||
           read_backup(fd, disk->sectors, &disk->gpt);
}

static bool has_partition(const char *uevent, const uint8_t guid[GPT_GUID], struct disk *disk)
{
    int fd;
    bool found;

    if (!read_disk(uevent, disk->path) || (fd = open(disk->path, O_RDONLY | O_CLOEXEC)) < 0)
        return false;
    found = read_table(fd, disk) && (disk->number = gpt_find(&disk->gpt, guid)) != 0;
    close(fd);
    return found;
}

int disk_find(const char *guid, struct disk *disk)
{
    uint8_t wanted[GPT_GUID];
    struct disk candidate;
    glob_t paths;
    int count = 0;

    if (!gpt_guid(guid, wanted))
        return 0;
    if (glob("/sys/class/block/*/uevent", 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++)
            if (has_partition(paths.gl_pathv[i], wanted, &candidate) && count++ == 0)
                *disk = candidate;
    globfree(&paths);
    return count;
}

void disk_partition(const struct disk *disk, unsigned number, char path[DISK_PATH])
{
    size_t length = strlen(disk->path);
    char last = length ? disk->path[length - 1] : '\0';

    /* As the kernel does it: sda1, but nvme0n1p1. */
    snprintf(path, DISK_PATH, "%.48s%s%u", disk->path, last >= '0' && last <= '9' ? "p" : "",
             number);
}

/* Writes what is not there yet. */
static int write_at(int fd, const void *bytes, size_t length, uint64_t sector)
{
    uint8_t present[GPT_COPY];
    ssize_t count;

    if (read_at(fd, present, length, sector) && memcmp(present, bytes, length) == 0)
        return 0;
    count = pwrite(fd, bytes, length, (off_t)(sector * GPT_SECTOR));
    if (count != (ssize_t)length)
        return count < 0 ? errno : EIO;
    return fsync(fd) == 0 ? 0 : errno;
}

static int write_tables(int fd, const struct disk *disk)
{
    uint8_t backup[GPT_COPY], first[GPT_SECTOR];
    int error;

    gpt_backup(&disk->gpt, backup);
    error = write_at(fd, backup, sizeof backup, disk->sectors - GPT_COPY_SECTORS);
    if (!error)
        error = write_at(fd, &disk->gpt, sizeof disk->gpt, 1);
    if (!error && read_at(fd, first, sizeof first, 0) && gpt_protect(first, disk->sectors))
        error = write_at(fd, first, sizeof first, 0);
    return error;
}

/* The kernel goes on with the table that it has read at first until it is told otherwise. */
static int tell_kernel(int fd, const struct disk *disk)
{
    uint64_t first, sectors;
    struct blkpg_partition partition = {.pno = (int)disk->number};
    struct blkpg_ioctl_arg order = {
        .op = BLKPG_RESIZE_PARTITION, .datalen = sizeof partition, .data = &partition};

    gpt_place(&disk->gpt, disk->number, &first, &sectors);
    partition.start = (long long)(first * GPT_SECTOR);
    partition.length = (long long)(sectors * GPT_SECTOR);
    return ioctl(fd, BLKPG, &order) == 0 ? 0 : errno;
}

int disk_fit(struct disk *disk)
{
    int fd, size = 0, error;

    if (!gpt_fit(&disk->gpt, disk->number, disk->sectors))
        return ENOSPC;
    fd = open(disk->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* With larger sectors every number in the table would mean something else. */
    if (ioctl(fd, BLKSSZGET, &size) == 0 && size != GPT_SECTOR)
        error = EMEDIUMTYPE;
    else
        error = write_tables(fd, disk);
    if (!error)
        error = tell_kernel(fd, disk);
    close(fd);
    return error;
}
