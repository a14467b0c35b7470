#include "sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "landlock.h"
#include "policy.h"
#include "syscall_filter.h"

/* The program, what it is told of the machine, the devices that everybody has, and what is its own.
 * Not here and so out of reach: /data/.fapws4, the disks, the modules of the kernel. Processes
 * of others are hidden by /proc itself (mounts.c). */
static const struct landlock_place places[] = {
    {"/init", LANDLOCK_RUN},
    {"/etc", LANDLOCK_READ},
    {"/run/hosts", LANDLOCK_READ},
    {"/run/resolv.conf", LANDLOCK_READ},
    {"/run/data/app", LANDLOCK_READ},
    {"/sys", LANDLOCK_READ},
    {"/proc", LANDLOCK_CHANGE},
    {"/dev/null", LANDLOCK_CHANGE},
    {"/dev/zero", LANDLOCK_CHANGE},
    {"/dev/full", LANDLOCK_CHANGE},
    {"/dev/random", LANDLOCK_CHANGE},
    {"/dev/urandom", LANDLOCK_CHANGE},
    {"/dev/tty", LANDLOCK_CHANGE},
    {"/dev/ptmx", LANDLOCK_CHANGE},
    {"/dev/pts", LANDLOCK_CHANGE},
    {"/dev/shm", LANDLOCK_POSSESS},
    {"/tmp", LANDLOCK_POSSESS},
    {"/data/app", LANDLOCK_POSSESS},
    {"/data/lost", LANDLOCK_POSSESS},
};

/* LOG: the kernel says what it refuses, and kernel_log.c makes it a line of the device's log. */
static int filter_calls(void)
{
    struct filter_step steps[SYSCALL_FILTER_STEPS];
    struct sock_fprog program;

    _Static_assert(sizeof steps[0] == sizeof(struct sock_filter), "as the kernel has it");
    program.len = (unsigned short)syscall_filter(steps);
    program.filter = (struct sock_filter *)steps;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) == 0
               ? 0
               : errno;
}

int sandbox_enter(uid_t uid)
{
    struct rlimit processes = {POLICY_APP_PROCESSES, POLICY_APP_PROCESSES};
    int error;

    if (setrlimit(RLIMIT_NPROC, &processes) != 0 || !child_become(uid))
        return errno;
    error = landlock_confine(places, sizeof places / sizeof places[0]);
    /* Last: the filter refuses Landlock's own calls. */
    return error ? error : filter_calls();
}
