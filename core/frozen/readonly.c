/* What would change the read-only tree fails as on any read-only file system: EROFS, or EEXIST and ENOENT before it. */
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse_creation(const struct archive_entry *entry)
{
    errno = entry != NULL ? EEXIST : EROFS;
    return -1;
}

static int refuse_change(const struct archive_entry *entry)
{
    errno = entry != NULL ? EROFS : ENOENT;
    return -1;
}

/* name, parameters, arguments, which of them is the path, how it is refused */
#define CHANGES(X)                                                                                                \
    X(mkdir, (const char *path, mode_t mode), (path, mode), path, refuse_creation)                                \
    X(symlink, (const char *target, const char *path), (target, path), path, refuse_creation)                     \
    X(link, (const char *target, const char *path), (target, path), path, refuse_creation)                        \
    X(rmdir, (const char *path), (path), path, refuse_change)                                                     \
    X(unlink, (const char *path), (path), path, refuse_change)                                                    \
    X(chmod, (const char *path, mode_t mode), (path, mode), path, refuse_change)                                  \
    X(truncate, (const char *path, off_t size), (path, size), path, refuse_change)                                \
    X(utimensat, (int folder, const char *path, const struct timespec times[2], int flags),                       \
      (folder, path, times, flags), path, refuse_change)

#define DECLARE(name, parameters, arguments, path, refuse) \
    int __real_##name parameters;                          \
    int __wrap_##name parameters;

#define DEFINE(name, parameters, arguments, path, refuse)                               \
    int __wrap_##name parameters                                                        \
    {                                                                                   \
        const struct archive_entry *entry;                                              \
        return tree_find(path, &entry) ? refuse(entry) : __real_##name arguments;       \
    }

int __real_utimensat(int folder, const char *path, const struct timespec times[2], int flags) TREE_TIME64(real, utimensat);
int __wrap_utimensat(int folder, const char *path, const struct timespec times[2], int flags) TREE_TIME64(wrap, utimensat);

CHANGES(DECLARE)
CHANGES(DEFINE)

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_rename(const char *from, const char *to)
{
    const struct archive_entry *entry;
    if (tree_find(from, &entry))
        return refuse_change(entry);
    if (tree_find(to, &entry)) {
        errno = EROFS;
        return -1;
    }
    return __real_rename(from, to);
}
