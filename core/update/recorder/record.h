/* What the updater writes to an image file, recorded: `invoke powercut` replays it up to any point,
 * as a power cut would have left it.
 *
 * A second program is made of the updater's files with -Dpwrite=recorded_pwrite and
 * -Dfsync=recorded_fsync. The record, a file that FAPWS_WRITE_LOG names, is in the format of Linux'
 * dm-log-writes, which QEMU's blklogwrites writes too. */
#ifndef FAPWS4_UPDATE_RECORD_H
#define FAPWS4_UPDATE_RECORD_H

#include <sys/types.h>

/* As pwrite() and fsync(). What cannot be recorded fails with its errno, as if it were the disk. */
ssize_t recorded_pwrite(int fd, const void *bytes, size_t length, off_t at);
int recorded_fsync(int fd);

#endif
