#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>
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
 * is root and sees all. The sizes leave at least half of the memory to programs even when the
 * app fills both. */
static const struct mount_plan needed[] = {
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
    {"proc", "/proc", NOTHING_RUNS, "hidepid=2"},
    {"sysfs", "/sys", NOTHING_RUNS, NULL},
    {"tmpfs", "/run", NOTHING_RUNS, "mode=0755,size=5%"},
    {"tmpfs", "/tmp", NOTHING_RUNS, "mode=1777,size=25%"},
};

static const struct mount_plan further[] = {
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666"},
    {"tmpfs", "/dev/shm", NOTHING_RUNS, "mode=1777,size=20%"},
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

int mounts_make(void)
{
    int error = make_all(needed, sizeof needed / sizeof needed[0]);

    mkdir(CHILD_EMPTY_ROOT, 0555);
    open_standard_descriptors();
    return error;
}

int mounts_make_further(void)
{
    return make_all(further, sizeof further / sizeof further[0]);
}

int mounts_seal(void)
{
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0 ? 0
                                                                                            : errno;
}
