#include "lost.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char prefix[] = "settings-";

/* The characters are those of a version: see config.c. */
static bool is_given(const char *name)
{
    static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "-_.+~:";

    return strncmp(name, prefix, sizeof prefix - 1) == 0 &&
           strspn(name, characters) == strlen(name) && strlen(name) < 80;
}

static bool is_newer(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec != other->tv_sec ? one->tv_sec > other->tv_sec
                                        : one->tv_nsec > other->tv_nsec;
}

bool lost_newest(const char *data, char path[LOST_PATH])
{
    struct timespec newest = {0};
    const struct dirent *entry;
    struct stat status;
    char folder[LOST_PATH];
    DIR *names;

    path[0] = '\0';
    snprintf(folder, sizeof folder, "%s/lost", data);
    names = opendir(folder);
    while (names && (entry = readdir(names))) {
        if (!is_given(entry->d_name) ||
            fstatat(dirfd(names), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            (path[0] && !is_newer(&status.st_ctim, &newest)))
            continue;
        newest = status.st_ctim;
        if (snprintf(path, LOST_PATH, "%s/%s", folder, entry->d_name) >= LOST_PATH)
            path[0] = '\0';
    }
    if (names)
        closedir(names);
    return path[0] != '\0';
}
