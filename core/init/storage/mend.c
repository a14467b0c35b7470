#include "mend.h"

#include <fcntl.h>
#include <unistd.h>

#include "ext4.h"

bool mend_superblock(const char *device)
{
    uint8_t superblock[EXT4_SUPERBLOCK];
    int fd = open(device, O_RDWR | O_CLOEXEC);
    bool mended;

    if (fd < 0)
        return false;
    mended = pread(fd, superblock, sizeof superblock, sizeof superblock) == sizeof superblock &&
             ext4_mend(superblock) &&
             pwrite(fd, superblock, sizeof superblock, sizeof superblock) == sizeof superblock &&
             fsync(fd) == 0;
    close(fd);
    return mended;
}
