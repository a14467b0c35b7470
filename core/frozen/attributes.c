/* Extended attributes of the read-only tree: there are none, and none can be set. shutil.copytree asks for them. */
#include "tree.h"

#include <errno.h>
#include <sys/xattr.h>

static ssize_t list_none(const struct archive_entry *entry)
{
    if (entry != NULL)
        return 0;
    errno = ENOENT;
    return -1;
}

static ssize_t find_none(const struct archive_entry *entry)
{
    errno = entry != NULL ? ENODATA : ENOENT;
    return -1;
}

static int refuse_change(const struct archive_entry *entry)
{
    errno = entry != NULL ? EROFS : ENOENT;
    return -1;
}

/* type, name, parameters, arguments, what it is answered with */
#define CALLS(X)                                                                                                      \
    X(ssize_t, listxattr, (const char *path, char *list, size_t size), (path, list, size), list_none)                 \
    X(ssize_t, llistxattr, (const char *path, char *list, size_t size), (path, list, size), list_none)                \
    X(ssize_t, getxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size),   \
      find_none)                                                                                                      \
    X(ssize_t, lgetxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size),  \
      find_none)                                                                                                      \
    X(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),                 \
      (path, name, value, size, flags), refuse_change)                                                                \
    X(int, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags),                \
      (path, name, value, size, flags), refuse_change)                                                                \
    X(int, removexattr, (const char *path, const char *name), (path, name), refuse_change)                            \
    X(int, lremovexattr, (const char *path, const char *name), (path, name), refuse_change)

#define DECLARE(type, name, parameters, arguments, answer) \
    type __real_##name parameters;                         \
    type __wrap_##name parameters;

#define DEFINE(type, name, parameters, arguments, answer)                            \
    type __wrap_##name parameters                                                    \
    {                                                                                \
        const struct archive_entry *entry;                                           \
        return tree_find(path, &entry) ? answer(entry) : __real_##name arguments;    \
    }

CALLS(DECLARE)
CALLS(DEFINE)
