#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../file.h"
#include "../policy.h"

enum { BACKLOG = 8 };

/* For root to change, for a group to use. */
static int admit(const char *path, gid_t group, mode_t mode)
{
    return chown(path, 0, group) == 0 && chmod(path, mode) == 0 ? 0 : errno;
}

int door_make(void)
{
    if (mkdir(DOOR_FOLDER, 0700) != 0 && errno != EEXIST)
        return errno;
    return admit(DOOR_FOLDER, POLICY_RECOVERY_UID, 0751);
}

int door_open(const char *path, gid_t group)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : 0;

    if (!error && !span_copy(span_of(path), place.sun_path, sizeof place.sun_path))
        error = ENAMETOOLONG;
    if (!error && (bind(fd, (struct sockaddr *)&place, sizeof place) != 0))
        error = errno;
    if (!error)
        error = admit(path, group, 0660);
    if (!error && listen(fd, BACKLOG) != 0)
        error = errno;
    if (error && fd >= 0)
        close(fd);
    return error ? -error : fd;
}

int door_leave(const char *path, struct span text)
{
    int error = file_keep(path, text);

    return error ? error : admit(path, POLICY_RECOVERY_UID, 0640);
}
