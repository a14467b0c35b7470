#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 32, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct walk {
    const struct tree_size *most;
    struct tree_size size;
    int error;
};

static uint64_t in_blocks(const struct stat *status)
{
    return ((uint64_t)status->st_size + 4095) & ~(uint64_t)4095;
}

static int count(struct walk *walk, const struct stat *status)
{
    walk->size.files++;
    if (S_ISREG(status->st_mode))
        walk->size.bytes += in_blocks(status);
    return walk->size.files > walk->most->files || walk->size.bytes > walk->most->bytes ? EFBIG : 0;
}

/* The next entry that is neither the folder itself nor the one above it; NULL at the end, with
 * errno when that is a failure. */
static const char *next_name(DIR *folder)
{
    const struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(folder);
    } while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry ? entry->d_name : NULL;
}

/* A stream of its own over a folder, whose descriptor stays the caller's. */
static DIR *open_stream(int fd)
{
    int own = openat(fd, ".", FOLDER_FLAGS);
    DIR *folder = own >= 0 ? fdopendir(own) : NULL;

    if (own >= 0 && !folder)
        close(own);
    return folder;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);

        if (written <= 0)
            return written < 0 ? errno : EIO;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

static int copy_bytes(int from, int to, uint64_t most)
{
    char bytes[16384];
    ssize_t length;
    int error = 0;

    while (!error && (length = read(from, bytes, sizeof bytes)) != 0) {
        if (length < 0)
            return errno;
        if ((uint64_t)length > most)
            return EFBIG; /* it has grown since it was counted */
        most -= (uint64_t)length;
        error = write_all(to, bytes, (size_t)length);
    }
    return error;
}

/* Gives the copy what the original has besides its content; last, because it may be that nobody
 * may write to it. */
static int finish_copy(int fd, const struct stat *status)
{
    struct timespec times[] = {status->st_atim, status->st_mtim};

    return fchmod(fd, status->st_mode & 0777) == 0 && futimens(fd, times) == 0 ? 0 : errno;
}

static int copy_file(int from, int to, const char *name, const struct stat *status)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int copy, error;

    if (source < 0)
        return errno;
    copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    error = copy < 0 ? errno : copy_bytes(source, copy, in_blocks(status));
    if (!error)
        error = finish_copy(copy, status);
    if (copy >= 0)
        close(copy);
    close(source);
    return error;
}

static int copy_link(int from, int to, const char *name)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(from, name, target, sizeof target - 1);

    if (length < 0)
        return errno;
    target[length] = '\0';
    return symlinkat(target, to, name) == 0 ? 0 : errno;
}

static int walk_folder(struct walk *walk, int from, int to, int depth);

/* With `to` < 0 nothing is copied. */
static int walk_below(struct walk *walk, int from, int to, const char *name, int depth,
                      const struct stat *status)
{
    int source = openat(from, name, FOLDER_FLAGS), copy = -1, error = 0;

    if (source < 0)
        return errno;
    if (to >= 0 && (mkdirat(to, name, 0700) != 0 || (copy = openat(to, name, FOLDER_FLAGS)) < 0))
        error = errno;
    if (!error)
        error = walk_folder(walk, source, copy, depth + 1);
    if (!error && copy >= 0)
        error = finish_copy(copy, status);
    if (copy >= 0)
        close(copy);
    close(source);
    return error;
}

static int walk_entry(struct walk *walk, int from, int to, const char *name, int depth)
{
    struct stat status;
    int error;

    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno; /* removed meanwhile */
    error = count(walk, &status);
    if (error)
        return error;
    if (S_ISDIR(status.st_mode))
        return walk_below(walk, from, to, name, depth, &status);
    if (to >= 0 && S_ISREG(status.st_mode))
        return copy_file(from, to, name, &status);
    return to >= 0 && S_ISLNK(status.st_mode) ? copy_link(from, to, name) : 0;
}

static int walk_folder(struct walk *walk, int from, int to, int depth)
{
    DIR *folder = depth < DEEPEST ? open_stream(from) : NULL;
    const char *name;
    int error = 0;

    if (!folder)
        return depth < DEEPEST ? errno : EFBIG;
    while (!error && (name = next_name(folder)))
        error = walk_entry(walk, from, to, name, depth);
    if (!error)
        error = errno;
    closedir(folder);
    return error;
}

int tree_measure(int fd, const struct tree_size *most, struct tree_size *size)
{
    struct walk walk = {.most = most};
    int error = walk_folder(&walk, fd, -1, 0);

    *size = walk.size;
    return error;
}

int tree_copy(int from, int to, const struct tree_size *most)
{
    struct walk walk = {.most = most};

    return walk_folder(&walk, from, to, 0);
}

static int remove_below(int fd, const char *name)
{
    int folder = openat(fd, name, FOLDER_FLAGS), error = 0;
    DIR *stream = folder >= 0 ? open_stream(folder) : NULL;
    const char *entry;

    if (!stream)
        error = errno;
    while (!error && (entry = next_name(stream)))
        error = tree_remove(folder, entry);
    if (!error)
        error = errno;
    if (stream)
        closedir(stream);
    if (folder >= 0)
        close(folder);
    return error ? error : unlinkat(fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int tree_remove(int fd, const char *name)
{
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    return errno == EISDIR ? remove_below(fd, name) : errno;
}
