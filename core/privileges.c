#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *what, const char *subject, const char *why)
{
    fprintf(stderr, "fapws4: %s %s: %s\n", what, subject, why);
    return false;
}

/* ---- finding ---- */

/* An id in digits; -1, which is nobody's, is refused. */
static bool read_id(const char *text, unsigned *id)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value >= (uid_t)-1)
        return false;
    *id = (unsigned)value;
    return true;
}

/* The group that is named, else that of the user in the user database. */
static bool find_group(const char *user, const char *group, const struct passwd *entry,
                       struct privileges *privileges)
{
    const struct group *named;

    if (group == NULL && entry == NULL)
        return complain("--user", user, "is a number without a name here; name the group too, like "
                                        "1000:1000");
    if (group == NULL) {
        privileges->gid = entry->pw_gid;
        return true;
    }
    named = getgrnam(group);
    if (named != NULL)
        privileges->gid = named->gr_gid;
    else if (!read_id(group, &privileges->gid))
        return complain("--user", user, "there is no such group");
    return true;
}

static bool find_user(const char *user, struct privileges *privileges)
{
    const char *colon = strchr(user, ':');
    size_t length = colon != NULL ? (size_t)(colon - user) : strlen(user);
    const struct passwd *entry;

    if (length >= sizeof(privileges->name))
        return complain("--user", user, "the name is too long");
    memcpy(privileges->name, user, length);
    privileges->name[length] = '\0';
    entry = getpwnam(privileges->name);
    if (entry == NULL && read_id(privileges->name, &privileges->uid))
        entry = getpwuid(privileges->uid);
    else if (entry == NULL)
        return complain("--user", user, "there is no such user");
    if (entry != NULL)
        privileges->uid = entry->pw_uid;
    if (entry != NULL && strlen(entry->pw_name) < sizeof(privileges->name))
        memcpy(privileges->name, entry->pw_name, strlen(entry->pw_name) + 1);
    else
        privileges->name[0] = '\0';
    privileges->drops = true;
    return find_group(user, colon != NULL ? colon + 1 : NULL, entry, privileges);
}

bool privileges_find(const char *user, const char *folder, struct privileges *privileges)
{
    struct stat status;

    memset(privileges, 0, sizeof(*privileges));
    privileges->folder = folder;
    if (user != NULL && geteuid() != 0)
        return complain("--user", user, "only root can become another user");
    if (folder != NULL && geteuid() != 0)
        return complain("--chroot", folder, "only root can do that");
    if (folder != NULL && stat(folder, &status) != 0)
        return complain("--chroot", folder, strerror(errno));
    if (folder != NULL && !S_ISDIR(status.st_mode))
        return complain("--chroot", folder, "is no folder");
    return user == NULL || find_user(user, privileges);
}

/* ---- dropping ---- */

static bool set_groups(const struct privileges *privileges)
{
    if (setgid(privileges->gid) != 0)
        return false;
    return privileges->name[0] != '\0' ? initgroups(privileges->name, privileges->gid) == 0
                                       : setgroups(1, &privileges->gid) == 0;
}

/* True when nothing leads back. */
static bool is_dropped(const struct privileges *privileges)
{
    uid_t uid = privileges->uid;

    return getuid() == uid && geteuid() == uid && getgid() == privileges->gid &&
           getegid() == privileges->gid && (uid == 0 || (setuid(0) != 0 && seteuid(0) != 0));
}

/* The groups come first: the user database is outside of the folder. */
bool privileges_drop(const struct privileges *privileges)
{
    if (privileges->drops && !set_groups(privileges))
        return complain("--user", "cannot take on the groups", strerror(errno));
    if (privileges->folder != NULL && (chroot(privileges->folder) != 0 || chdir("/") != 0))
        return complain("--chroot", privileges->folder, strerror(errno));
    if (!privileges->drops)
        return true;
    if (setuid(privileges->uid) != 0)
        return complain("--user", "cannot become this user", strerror(errno));
    return is_dropped(privileges) ||
           complain("--user", "has no effect", "the process is still privileged");
}

void privileges_warn(const struct privileges *privileges)
{
    if (geteuid() == 0 && !privileges->drops)
        fputs("fapws4: running as root; --user NAME makes it another user once it listens\n",
              stderr);
}
