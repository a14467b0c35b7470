#include "child.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void forget_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t child_fork(void)
{
    struct rlimit no_dump = {0, 0};
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    setsid();
    forget_signals();
    setrlimit(RLIMIT_CORE, &no_dump);
    return 0;
}

void child_keep(const int *fds, int count)
{
    int moved[8];

    /* First above all targets, so that no target is overwritten before it has been copied. */
    for (int i = 0; i < count && i < 8; i++) {
        int source = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR);

        moved[i] = fcntl(source, F_DUPFD, count);
    }
    for (int i = 0; i < count && i < 8; i++)
        dup2(moved[i], i);
    syscall(SYS_close_range, (unsigned)count, ~0U, 0);
}

bool child_become(uid_t uid)
{
    return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
           setresuid(uid, uid, uid) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool child_confine(const char *root, uid_t uid, unsigned limit)
{
    struct rlimit none = {0, 0};
    struct rlimit descriptors = {limit, limit};

    return chroot(root) == 0 && chdir("/") == 0 && child_become(uid) &&
           setrlimit(RLIMIT_NPROC, &none) == 0 && setrlimit(RLIMIT_FSIZE, &none) == 0 &&
           setrlimit(RLIMIT_NOFILE, &descriptors) == 0;
}

pid_t child_start(void (*run)(const void *order, int channel), const void *order, int *channel)
{
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pid = child_fork();
    if (pid == 0) {
        run(order, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    else
        *channel = ends[0];
    return pid;
}

/* The kernel has no call for it, but kill(-1) by that user is one. Waited for, so that it cannot
 * hit what is started next. */
void child_end_all(uid_t uid)
{
    pid_t pid = child_fork();

    if (pid == 0) {
        if (child_become(uid))
            kill(-1, SIGKILL);
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}
