#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's numbers for what headers older than it do not name. */
enum {
    REFER = 1 << 13,     /* since 2: to another folder by rename and link */
    TRUNCATE = 1 << 14,  /* since 3 */
    IOCTL_DEV = 1 << 15, /* since 5 */
    /* since 6: sockets without a path, and processes, of others */
    SCOPE_SOCKETS = 1 << 0,
    SCOPE_SIGNALS = 1 << 1,

    FILE_RIGHTS = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                  LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE | IOCTL_DEV,
    ALL_RIGHTS = (1 << 13) - 1, /* those of version 1 */
    READ_RIGHTS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    CHANGE_RIGHTS = READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | IOCTL_DEV,
    NEVER = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
            LANDLOCK_ACCESS_FS_MAKE_BLOCK,
};

/* struct landlock_ruleset_attr with all its fields; an older kernel is given its beginning. */
struct ruleset {
    uint64_t files;
    uint64_t network; /* since 4: ports; not used */
    uint64_t scopes;  /* since 6 */
};

static uint64_t known_rights(int version)
{
    uint64_t rights = ALL_RIGHTS;

    if (version >= 2)
        rights |= REFER;
    if (version >= 3)
        rights |= TRUNCATE;
    if (version >= 5)
        rights |= IOCTL_DEV;
    return rights;
}

static uint64_t rights_of(enum landlock_use use)
{
    switch (use) {
    case LANDLOCK_READ: return READ_RIGHTS;
    case LANDLOCK_RUN: return READ_RIGHTS | LANDLOCK_ACCESS_FS_EXECUTE;
    case LANDLOCK_CHANGE: return CHANGE_RIGHTS;
    case LANDLOCK_POSSESS: break;
    }
    return known_rights(5) & ~(uint64_t)NEVER;
}

static int allow(int ruleset, const struct landlock_place *place, uint64_t known)
{
    struct landlock_path_beneath_attr rule = {0};
    struct stat status;
    int error = 0;

    rule.parent_fd = open(place->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT ? 0 : errno;
    rule.allowed_access = rights_of(place->use) & known;
    if (fstat(rule.parent_fd, &status) != 0)
        error = errno;
    if (!S_ISDIR(status.st_mode))
        rule.allowed_access &= FILE_RIGHTS;
    if (!error &&
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        error = errno;
    close(rule.parent_fd);
    return error;
}

int landlock_confine(const struct landlock_place *places, int count)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t known = known_rights((int)version);
    struct ruleset wanted = {known, 0, SCOPE_SOCKETS | SCOPE_SIGNALS};
    size_t size = version >= 6 ? sizeof wanted : sizeof wanted.files;
    int error = 0;
    int ruleset;

    if (version < 1)
        return errno;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
    if (ruleset < 0)
        return errno;
    for (int i = 0; i < count && !error; i++)
        error = allow(ruleset, &places[i], known);
    if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        error = errno;
    close(ruleset);
    return error;
}
