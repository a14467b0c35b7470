#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "child.h"

struct mount_plan {
    const char *type;
    const char *target;
    unsigned long flags;
    const char *options;
};

enum { NOTHING_RUNS = MS_NOSUID | MS_NODEV | MS_NOEXEC };

/* hidepid=2: the app sees its own processes in /proc and no others, so that neither PID 1's nor
 * the manager's environment, memory map or open files are there for a hostile app to read. PID 1
 * has all rights and sees all. The group (of none: the last 16-bit one) would see them, too; said
 * because it is root's otherwise, and so the manager's. The sizes leave at least half of the memory to programs even when the
 * app fills both. */
static const struct mount_plan needed[] = {
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
    {"proc", "/proc", NOTHING_RUNS, "hidepid=2,gid=65535"},
    {"sysfs", "/sys", NOTHING_RUNS, NULL},
    {"tmpfs", "/run", NOTHING_RUNS, "mode=0755,size=5%"},
    {"tmpfs", "/tmp", NOTHING_RUNS, "mode=1777,size=25%"},
};

static const struct mount_plan further[] = {
    {"tmpfs", MOUNTS_APP_DEV, MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=1k"},
    {"devpts", MOUNTS_APP_DEV "/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666"},
    {"tmpfs", MOUNTS_APP_DEV "/shm", NOTHING_RUNS, "mode=1777,size=20%"},
};

/* The nodes that every program may take for granted (Documentation/admin-guide/devices.txt). */
static const struct {
    const char *path;
    int major, minor;
} common_nodes[] = {
    {MOUNTS_APP_DEV "/null", 1, 3},   {MOUNTS_APP_DEV "/zero", 1, 5},
    {MOUNTS_APP_DEV "/full", 1, 7},   {MOUNTS_APP_DEV "/random", 1, 8},
    {MOUNTS_APP_DEV "/urandom", 1, 9}, {MOUNTS_APP_DEV "/tty", 5, 0},
    {MOUNTS_APP_DEV "/ptmx", 5, 2},
};

static int make(const struct mount_plan *plan)
{
    mkdir(plan->target, 0755);
    /* EBUSY: a kernel with CONFIG_DEVTMPFS_MOUNT was quicker. */
    if (mount(plan->type, plan->target, plan->type, plan->flags, plan->options) == 0 ||
        errno == EBUSY)
        return 0;
    return errno;
}

/* Without a /dev/console in the initramfs the kernel starts PID 1 with no descriptors, and the
 * first files it opens would become stdin, stdout and stderr of its children. */
static void open_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

static int make_all(const struct mount_plan *plans, size_t count)
{
    int error = 0;

    for (size_t i = 0; i < count; i++) {
        int result = make(&plans[i]);

        error = error ? error : result;
    }
    return error;
}

/* The mode apart: mknod takes the process' mask off it. */
static int make_common_nodes(void)
{
    for (size_t i = 0; i < sizeof common_nodes / sizeof common_nodes[0]; i++)
        if (mknod(common_nodes[i].path, S_IFCHR,
                  makedev((unsigned)common_nodes[i].major, (unsigned)common_nodes[i].minor)) != 0 ||
            chmod(common_nodes[i].path, 0666) != 0)
            return errno;
    return 0;
}

int mounts_make(void)
{
    int error = make_all(needed, sizeof needed / sizeof needed[0]);

    mkdir(CHILD_EMPTY_ROOT, 0555);
    open_standard_descriptors();
    return error;
}

int mounts_make_further(void)
{
    int error = make_all(further, sizeof further / sizeof further[0]);

    return error ? error : make_common_nodes();
}

int mounts_seal(void)
{
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0 ? 0
                                                                                            : errno;
}
