#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others than PID 1 may change some folders: a link that they have put there is not followed, and a
 * pipe is not waited for. */
enum { READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

static size_t read_up_to(int fd, char *buffer, size_t size)
{
    size_t used = 0;
    ssize_t count;

    while (used < size && (count = read(fd, buffer + used, size - used)) > 0)
        used += (size_t)count;
    return used;
}

struct span file_read(const char *path, char *buffer, size_t size)
{
    size_t used = 0;
    int fd = open(path, READING);

    if (fd >= 0) {
        used = read_up_to(fd, buffer, size - 1);
        close(fd);
    }
    buffer[used] = '\0';
    return (struct span){buffer, used};
}

struct span file_load(const char *path)
{
    struct stat status;
    char *text;

    if (stat(path, &status) != 0 || !(text = malloc((size_t)status.st_size + 1)))
        return span_of("");
    return file_read(path, text, (size_t)status.st_size + 1);
}

static int write_and_close(int fd, const char *text)
{
    size_t length = strlen(text);
    ssize_t count = write(fd, text, length);
    int error = count == (ssize_t)length ? 0 : count < 0 ? errno : EIO;

    close(fd);
    return error;
}

int file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? errno : write_and_close(fd, text);
}

static int write_whole(int fd, struct span text)
{
    while (text.length > 0) {
        ssize_t count = write(fd, text.start, text.length);

        if (count <= 0)
            return count < 0 ? errno : EIO;
        text.start += count;
        text.length -= (size_t)count;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* A name is on the disk when its folder is. */
static int keep_name(const char *path)
{
    char folder[256];
    const char *slash = strrchr(path, '/');
    int fd, error = 0;

    if (!slash || !span_copy((struct span){path, (size_t)(slash - path)}, folder, sizeof folder))
        return EINVAL;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    if (fsync(fd) != 0)
        error = errno;
    close(fd);
    return error;
}

int file_keep(const char *path, struct span text)
{
    char fresh[256];
    int fd, error;

    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return ENAMETOOLONG;
    unlink(fresh); /* one that was left behind might have other rights */
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    error = write_whole(fd, text);
    close(fd);
    if (!error && rename(fresh, path) != 0)
        error = errno;
    if (error)
        unlink(fresh);
    return error ? error : keep_name(path);
}

int file_forget(const char *path)
{
    if (unlink(path) != 0)
        return errno == ENOENT ? 0 : errno;
    return keep_name(path);
}

int file_replace(const char *path, const char *text)
{
    char fresh[256];
    int fd, error;

    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return ENAMETOOLONG;
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    error = write_and_close(fd, text);
    if (error)
        return error;
    return rename(fresh, path) == 0 ? 0 : errno;
}
