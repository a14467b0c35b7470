#include "keepsake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../child.h"
#include "../policy.h"
#include "../span.h"
#include "tree.h"

enum {
    FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    ROOM_FOR_A_FILE = 4096, /* its inode and its name */
    ROOM_BESIDES = 65536
};

#define PLACE ".fapws4/settings"

static const char room[] = PLACE "/room";
static const char fresh[] = PLACE "/copy.new";
static const char fresh_tree[] = PLACE "/copy.new/tree";
static const char fresh_none[] = PLACE "/copy.new/none";
static const char copy[] = PLACE "/copy";
static const char copy_tree[] = PLACE "/copy/tree";
static const char copy_none[] = PLACE "/copy/none";

static const struct tree_size most = {POLICY_SETTINGS, POLICY_SETTINGS_FILES};

/* 0, or what errno says of a call that has failed. */
static int failed(int result)
{
    return result < 0 ? errno : 0;
}

static bool exists(int fd, const char *name)
{
    struct stat status;

    return fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int make_folder(int fd, const char *name, mode_t mode, uid_t user)
{
    if (mkdirat(fd, name, mode) != 0 && errno != EEXIST)
        return errno;
    return failed(fchownat(fd, name, user, user, AT_SYMLINK_NOFOLLOW));
}

static int open_data(const struct keepsake *keepsake)
{
    return open(keepsake->data, FOLDER_FLAGS);
}

/* The folder in which the settings' last name stands, *name; step by step, because a hostile app
 * may have put a link in the way. -1 with errno set. With `makes`, what is missing on the way is
 * made. */
static int open_above(const struct keepsake *keepsake, int data, char name[64], bool makes)
{
    char path[128];
    struct span rest = {path, 0};
    const char *slash;
    int fd = openat(data, "app", FOLDER_FLAGS), next;

    snprintf(path, sizeof path, "%s", keepsake->folder);
    rest.length = strlen(path);
    while (fd >= 0 && (slash = memchr(rest.start, '/', rest.length))) {
        span_copy((struct span){rest.start, (size_t)(slash - rest.start)}, name, 64);
        if (makes && !exists(fd, name))
            make_folder(fd, name, 0750, keepsake->user);
        next = openat(fd, name, FOLDER_FLAGS);
        close(fd);
        fd = next;
        rest.length -= (size_t)(slash + 1 - rest.start);
        rest.start = slash + 1;
    }
    span_copy(rest, name, 64);
    return fd;
}

/* -1 with errno set; ENOENT: there are no settings yet. */
static int open_settings(const struct keepsake *keepsake, int data)
{
    char name[64];
    int above = open_above(keepsake, data, name, false), fd;

    if (above < 0)
        return -1;
    fd = openat(above, name, FOLDER_FLAGS);
    close(above);
    return fd;
}

static int drop(int data)
{
    int error = tree_remove(data, room);

    if (!error)
        error = tree_remove(data, fresh);
    return error ? error : tree_remove(data, copy);
}

int keepsake_drop(const struct keepsake *keepsake)
{
    int data = open_data(keepsake), error;

    if (data < 0)
        return errno;
    error = exists(data, PLACE) ? drop(data) : 0;
    close(data);
    return error;
}

static int measure(const struct keepsake *keepsake, int data, struct tree_size *size)
{
    int settings = open_settings(keepsake, data), error;

    *size = (struct tree_size){0};
    if (settings < 0)
        return errno == ENOENT ? 0 : errno;
    error = tree_measure(settings, &most, size);
    close(settings);
    return error;
}

static int reserve(int data, const struct tree_size *size)
{
    off_t bytes = (off_t)size->bytes + (off_t)size->files * ROOM_FOR_A_FILE + ROOM_BESIDES;
    int fd = openat(data, room, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error;

    if (fd < 0)
        return errno;
    error = failed(fallocate(fd, 0, 0, bytes));
    if (!error)
        error = failed(fsync(fd));
    close(fd);
    return error;
}

int keepsake_reserve(const struct keepsake *keepsake)
{
    int data = open_data(keepsake), error;
    struct tree_size size;

    if (data < 0)
        return errno;
    error = drop(data);
    if (!error)
        error = measure(keepsake, data, &size);
    if (!error)
        error = make_folder(data, PLACE, 0700, geteuid());
    if (!error)
        error = reserve(data, &size);
    if (error)
        drop(data);
    close(data);
    return error;
}

/* With the app's rights: whatever the app has put into its settings, nothing else can be read
 * through it. */
static int copy_as_user(const struct keepsake *keepsake, int from, int to)
{
    int status = 0;
    pid_t pid = child_fork();

    if (pid < 0)
        return errno;
    if (pid == 0)
        _exit(keepsake->user != geteuid() && !child_become(keepsake->user)
                  ? EPERM
                  : tree_copy(from, to, &most));
    if (waitpid(pid, &status, 0) < 0)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int copy_settings(const struct keepsake *keepsake, int data, int settings)
{
    struct stat status;
    int error = make_folder(data, fresh_tree, 0700, keepsake->user);
    int to = error ? -1 : openat(data, fresh_tree, FOLDER_FLAGS);

    if (to < 0)
        return error ? error : errno;
    error = copy_as_user(keepsake, settings, to);
    if (!error)
        error = failed(fstat(settings, &status));
    if (!error)
        error = failed(fchmod(to, status.st_mode & 0777));
    close(to);
    return error;
}

static int note_absence(int data)
{
    int fd = openat(data, fresh_none, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd < 0 ? errno : failed(close(fd));
}

/* Under its name once it is whole and on the disk. */
static int take(const struct keepsake *keepsake, int data)
{
    int settings, error = drop(data);

    if (!error)
        error = make_folder(data, PLACE, 0700, geteuid());
    if (!error)
        error = make_folder(data, fresh, 0700, geteuid());
    if (error)
        return error;
    settings = open_settings(keepsake, data);
    if (settings >= 0)
        error = copy_settings(keepsake, data, settings);
    else
        error = errno == ENOENT ? note_absence(data) : errno;
    if (settings >= 0)
        close(settings);
    if (!error)
        error = failed(syncfs(data));
    if (!error)
        error = failed(renameat(data, fresh, data, copy));
    return error ? error : failed(syncfs(data));
}

int keepsake_take(const struct keepsake *keepsake)
{
    int data = open_data(keepsake), error;

    if (data < 0)
        return errno;
    error = exists(data, copy) ? 0 : take(keepsake, data);
    close(data);
    return error;
}

static int move_away(const struct keepsake *keepsake, int data, int above, const char *name,
                     const char *version)
{
    char place[96];
    int error = make_folder(data, "lost", 0750, keepsake->user);

    snprintf(place, sizeof place, "lost/settings-%s", version);
    if (!error)
        error = tree_remove(data, place);
    if (!error)
        error = failed(renameat(above, name, data, place));
    return error ? error : failed(syncfs(data));
}

/* What has been put back has left the copy: what stands in its place is then not touched again,
 * however often this begins anew. */
static int put_back(const struct keepsake *keepsake, int data, int above, const char *name,
                    const char *version, bool *lost)
{
    bool tree = exists(data, copy_tree), none = exists(data, copy_none);
    int error = 0;

    *lost = (tree || none) && exists(above, name);
    if (*lost)
        error = move_away(keepsake, data, above, name, version);
    if (!error && tree)
        error = failed(renameat(data, copy_tree, above, name));
    if (!error && none)
        error = failed(unlinkat(data, copy_none, 0));
    if (!error)
        error = failed(syncfs(data));
    return error ? error : drop(data);
}

int keepsake_return(const struct keepsake *keepsake, const char *version, bool *lost)
{
    char name[64];
    int data = open_data(keepsake), above, error = 0;

    *lost = false;
    if (data < 0)
        return errno;
    if (exists(data, copy)) {
        above = open_above(keepsake, data, name, true);
        error = above < 0 ? errno
                          : put_back(keepsake, data, above, name, version, lost);
        if (above >= 0)
            close(above);
    }
    close(data);
    return error;
}
