/* The disk under install.c, which is compiled against these in place of the system's. */
#include <errno.h>
#include <unistd.h>

#include "faults.h"

struct faults faults;

/* After a power cut nothing is written any more; a write that is lost is answered as if it were. */
ssize_t faulty_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    long number = faults.writes++;

    if (faults.cut_before >= 0 && number >= faults.cut_before) {
        errno = EIO;
        return -1;
    }
    return number == faults.lost ? (ssize_t)length : pwrite(fd, bytes, length, at);
}

ssize_t faulty_pread(int fd, void *bytes, size_t length, off_t at)
{
    if (faults.unreadable) {
        errno = EIO;
        return -1;
    }
    return pread(fd, bytes, length, at);
}
