#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../child.h"
#include "../mounts.h"
#include "../policy.h"
#include "rights.h"
#include "syscall_filter.h"

/* struct mount_attr of mount_setattr (Linux 5.12), and its numbers, which not every libc has. */
struct mount_change {
    uint64_t set, clear, propagation, user_namespace;
};
enum { READ_ONLY = 1, ALL_BELOW = 0x8000 };

/* LOG: the kernel says what it refuses, and kernel_log.c makes it a line of the device's log. */
static int filter_calls(enum syscall_user user)
{
    struct filter_step steps[SYSCALL_FILTER_STEPS];
    struct sock_fprog program;

    _Static_assert(sizeof steps[0] == sizeof(struct sock_filter), "as the kernel has it");
    program.len = (unsigned short)syscall_filter(user, steps);
    program.filter = (struct sock_filter *)steps;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) == 0
               ? 0
               : errno;
}

/* In a view of the file systems that is the process's alone, the app's /dev lies over the machine's. What
 * PID 1 changes in that one, the app sees at once: there is one memory file system in two views. */
static int enter_own_dev(void)
{
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount(MOUNTS_APP_DEV, "/dev", NULL, MS_BIND | MS_REC, NULL) == 0)
        return 0;
    return errno;
}

static int change_mount(const char *path, unsigned flags, struct mount_change change)
{
    return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &change, sizeof change) == 0 ? 0
                                                                                          : errno;
}

/* Landlock leaves owners, modes, times and attributes of files alone, and root may change those of
 * all that is root's, nodes of disks and switches of the kernel among them: in its view nothing can
 * be changed but what lies in memory for the others, and the data. */
static int make_view_read_only(void)
{
    int error = change_mount("/", ALL_BELOW, (struct mount_change){.set = READ_ONLY});

    if (!error)
        error = change_mount("/run", 0, (struct mount_change){.clear = READ_ONLY});
    return error ? error : change_mount("/data", 0, (struct mount_change){.clear = READ_ONLY});
}

int sandbox_enter(uid_t uid, const struct landlock_place *places, int count)
{
    struct rlimit processes = {POLICY_APP_PROCESSES, POLICY_APP_PROCESSES};
    int error = enter_own_dev();

    if (error)
        return error;
    if (setrlimit(RLIMIT_NPROC, &processes) != 0 || !child_become(uid))
        return errno;
    error = landlock_confine(places, count);
    /* Last: the filter refuses Landlock's own calls. */
    return error ? error : filter_calls(SYSCALL_OWN_USER);
}

int sandbox_keep_root(uint64_t rights, const struct landlock_place *places, int count)
{
    int error = enter_own_dev();

    if (!error)
        error = make_view_read_only();
    if (!error)
        error = rights_keep(rights);
    if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        error = errno;
    if (!error)
        error = landlock_confine(places, count);
    return error ? error : filter_calls(SYSCALL_ROOT);
}
