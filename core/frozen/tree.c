/* The read-only tree: open(), stat(), opendir() and their family show the archive's files below ARCHIVE_ROOT.
 *
 * The link redirects each function here (--wrap=open makes every call of open one of __wrap_open, and the original
 * __real_open), so Python, OpenSSL or any C library read packaged files as if they were on disk. An opened file is a
 * memfd: seekable, mappable, gone when closed. Relative paths and descriptors of directories never lead into the tree. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2023-11-14 22:13:20 UTC, the time of everything that the builder makes. */
#define ARCHIVE_TIME 1700000000

int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __real_stat(const char *restrict path, struct stat *restrict status) TREE_TIME64(real, stat);
int __real_lstat(const char *restrict path, struct stat *restrict status) TREE_TIME64(real, lstat);
int __real_fstatat(int folder, const char *restrict path, struct stat *restrict status, int flags)
    TREE_TIME64(real, fstatat);
int __real_access(const char *path, int mode);
int __real_faccessat(int folder, const char *path, int mode, int flags);
FILE *__real_fopen(const char *restrict path, const char *restrict mode);
DIR *__real_opendir(const char *path);
struct dirent *__real_readdir(DIR *directory);
int __real_closedir(DIR *directory);
int __real_dirfd(DIR *directory);
void __real_rewinddir(DIR *directory);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_stat(const char *restrict path, struct stat *restrict status) TREE_TIME64(wrap, stat);
int __wrap_lstat(const char *restrict path, struct stat *restrict status) TREE_TIME64(wrap, lstat);
int __wrap_fstatat(int folder, const char *restrict path, struct stat *restrict status, int flags)
    TREE_TIME64(wrap, fstatat);
int __wrap_access(const char *path, int mode);
int __wrap_faccessat(int folder, const char *path, int mode, int flags);
FILE *__wrap_fopen(const char *restrict path, const char *restrict mode);
DIR *__wrap_opendir(const char *path);
struct dirent *__wrap_readdir(DIR *directory);
int __wrap_closedir(DIR *directory);
int __wrap_dirfd(DIR *directory);
void __wrap_rewinddir(DIR *directory);

/* Appends the parts of `rest` to `clean`, which holds the root, without "//", "." and "..". The new length, or 0 when
 * it does not fit or leads out of the tree. There are no symbolic links in the tree, so the text alone decides. */
static size_t append_parts(char *clean, size_t room, const char *rest)
{
    const size_t root = sizeof ARCHIVE_ROOT - 1;
    size_t length = root;
    for (size_t part; *rest != '\0'; rest += part) {
        rest += strspn(rest, "/");
        part = strcspn(rest, "/");
        if (part == 0 || (part == 1 && rest[0] == '.'))
            continue;
        if (part == 2 && rest[0] == '.' && rest[1] == '.') {
            if (length == root)
                return 0;
            while (clean[--length] != '/')
                ;
        } else {
            if (length + 1 + part >= room)
                return 0;
            clean[length++] = '/';
            memcpy(clean + length, rest, part);
            length += part;
        }
    }
    return length;
}

int tree_find(const char *path, const struct archive_entry **entry)
{
    const size_t root = sizeof ARCHIVE_ROOT - 1;
    char clean[PATH_MAX] = ARCHIVE_ROOT;
    if (path == NULL || strncmp(path, ARCHIVE_ROOT, root) != 0 || (path[root] != '\0' && path[root] != '/'))
        return 0;
    size_t length = append_parts(clean, sizeof clean, path + root);
    *entry = length != 0 ? archive_find(clean, length) : NULL;
    if (*entry != NULL && ((*entry)->flags & ARCHIVE_DIRECTORY) == 0 && path[strlen(path) - 1] == '/')
        *entry = NULL; /* a file is not a folder */
    return 1;
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

static int write_all(int file, const unsigned char *data, size_t left)
{
    while (left > 0) {
        ssize_t written = write(file, data, left);
        if (written < 0)
            return -1;
        data += written;
        left -= (size_t)written;
    }
    return lseek(file, 0, SEEK_SET) == 0 ? 0 : -1;
}

static int open_entry(const struct archive_entry *entry, int flags)
{
    if (entry == NULL)
        return refuse((flags & O_CREAT) != 0 ? EROFS : ENOENT);
    if ((flags & O_ACCMODE) != O_RDONLY)
        return refuse(EROFS);
    if ((entry->flags & ARCHIVE_DIRECTORY) != 0)
        return refuse(EISDIR);
    unsigned char *content = malloc(entry->size + 1);
    if (content == NULL)
        return refuse(ENOMEM);
    int file = -1;
    if (archive_read(entry, content) != 0)
        errno = EIO;
    else if ((file = memfd_create("appliance", (flags & O_CLOEXEC) != 0 ? MFD_CLOEXEC : 0)) >= 0
             && write_all(file, content, entry->size) != 0) {
        close(file);
        file = -1;
    }
    free(content);
    return file;
}

static int runs(const struct archive_entry *entry)
{
    return (entry->flags & ARCHIVE_PROGRAM) != 0;
}

static int stat_entry(const struct archive_entry *entry, struct stat *status)
{
    if (entry == NULL)
        return refuse(ENOENT);
    int directory = (entry->flags & ARCHIVE_DIRECTORY) != 0;
    memset(status, 0, sizeof *status);
    status->st_dev = 0xfa;
    status->st_ino = entry->name;
    status->st_nlink = 1;
    status->st_mode = directory ? S_IFDIR | 0555 : S_IFREG | (runs(entry) ? 0555 : 0444);
    status->st_size = directory ? 0 : (off_t)entry->size;
    status->st_blksize = 4096;
    status->st_blocks = (status->st_size + 511) / 512;
    status->st_mtim.tv_sec = status->st_ctim.tv_sec = status->st_atim.tv_sec = ARCHIVE_TIME;
    status->st_mtim.tv_nsec = (long)entry->mark; /* entity tags made of time and size change with the content */
    return 0;
}

static int access_entry(const struct archive_entry *entry, int mode)
{
    if (entry == NULL)
        return refuse(ENOENT);
    if ((mode & W_OK) != 0)
        return refuse(EROFS);
    return (mode & X_OK) != 0 && (entry->flags & ARCHIVE_DIRECTORY) == 0 && !runs(entry) ? refuse(EACCES) : 0;
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    const struct archive_entry *entry;
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return tree_find(path, &entry) ? open_entry(entry, flags) : __real_openat(folder, path, flags, mode);
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return __wrap_openat(AT_FDCWD, path, flags, mode);
}

int __wrap_stat(const char *restrict path, struct stat *restrict status)
{
    const struct archive_entry *entry;
    return tree_find(path, &entry) ? stat_entry(entry, status) : __real_stat(path, status);
}

int __wrap_lstat(const char *restrict path, struct stat *restrict status)
{
    const struct archive_entry *entry;
    return tree_find(path, &entry) ? stat_entry(entry, status) : __real_lstat(path, status);
}

int __wrap_fstatat(int folder, const char *restrict path, struct stat *restrict status, int flags)
{
    const struct archive_entry *entry;
    return tree_find(path, &entry) ? stat_entry(entry, status) : __real_fstatat(folder, path, status, flags);
}

int __wrap_access(const char *path, int mode)
{
    const struct archive_entry *entry;
    return tree_find(path, &entry) ? access_entry(entry, mode) : __real_access(path, mode);
}

int __wrap_faccessat(int folder, const char *path, int mode, int flags)
{
    const struct archive_entry *entry;
    return tree_find(path, &entry) ? access_entry(entry, mode) : __real_faccessat(folder, path, mode, flags);
}

FILE *__wrap_fopen(const char *restrict path, const char *restrict mode)
{
    const struct archive_entry *entry;
    if (!tree_find(path, &entry))
        return __real_fopen(path, mode);
    int writes = mode[0] != 'r' || strchr(mode, '+') != NULL;
    int file = open_entry(entry, (writes ? O_RDWR | O_CREAT : O_RDONLY) | (strchr(mode, 'e') != NULL ? O_CLOEXEC : 0));
    FILE *stream = file < 0 ? NULL : fdopen(file, "r");
    if (stream == NULL && file >= 0)
        close(file);
    return stream;
}

/* Directories of the tree that are open: real and virtual ones share the type DIR, and this list tells them apart. */
struct listing {
    struct listing *next;
    const struct archive_entry *directory;
    size_t position;
    struct dirent current;
};

static struct listing *listings;
static pthread_mutex_t listings_lock = PTHREAD_MUTEX_INITIALIZER;

static struct listing *listing_of(DIR *directory)
{
    pthread_mutex_lock(&listings_lock);
    struct listing *listing = listings;
    while (listing != NULL && (void *)listing != (void *)directory)
        listing = listing->next;
    pthread_mutex_unlock(&listings_lock);
    return listing;
}

DIR *__wrap_opendir(const char *path)
{
    const struct archive_entry *entry;
    if (!tree_find(path, &entry))
        return __real_opendir(path);
    if (entry == NULL || (entry->flags & ARCHIVE_DIRECTORY) == 0) {
        errno = entry == NULL ? ENOENT : ENOTDIR;
        return NULL;
    }
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL)
        return NULL;
    listing->directory = entry;
    pthread_mutex_lock(&listings_lock);
    listing->next = listings;
    listings = listing;
    pthread_mutex_unlock(&listings_lock);
    return (DIR *)(void *)listing;
}

struct dirent *__wrap_readdir(DIR *directory)
{
    struct listing *listing = listing_of(directory);
    if (listing == NULL)
        return __real_readdir(directory);
    const struct archive_entry *child = archive_child(listing->directory, listing->position++);
    if (child == NULL)
        return NULL;
    const char *name = strrchr(archive_text(child->name), '/') + 1;
    size_t length = strnlen(name, sizeof listing->current.d_name - 1);
    listing->current.d_ino = child->name;
    listing->current.d_type = (child->flags & ARCHIVE_DIRECTORY) != 0 ? DT_DIR : DT_REG;
    memcpy(listing->current.d_name, name, length);
    listing->current.d_name[length] = '\0';
    return &listing->current;
}

int __wrap_closedir(DIR *directory)
{
    struct listing *listing = listing_of(directory);
    if (listing == NULL)
        return __real_closedir(directory);
    pthread_mutex_lock(&listings_lock);
    struct listing **link = &listings;
    while (*link != listing)
        link = &(*link)->next;
    *link = listing->next;
    pthread_mutex_unlock(&listings_lock);
    free(listing);
    return 0;
}

int __wrap_dirfd(DIR *directory)
{
    return listing_of(directory) == NULL ? __real_dirfd(directory) : refuse(ENOTSUP);
}

void __wrap_rewinddir(DIR *directory)
{
    struct listing *listing = listing_of(directory);
    if (listing == NULL)
        __real_rewinddir(directory);
    else
        listing->position = 0;
}
