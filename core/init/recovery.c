#include "recovery.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../face.h"
#include "certificate.h"
#include "child.h"
#include "console.h"
#include "duty.h"

enum { LISTENER = 3, BACKLOG = 64 };

static int port_of(bool secure)
{
    return secure ? POLICY_RECOVERY_PORT : POLICY_RECOVERY_PORT_PLAIN;
}

/* At every IPv6 and IPv4 address, or only IPv4 on a kernel without the other. */
static int listen_on(int port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(AF_INET6, kind, 0), off = 0, bound;

    if (fd >= 0) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        bound = bind(fd, (struct sockaddr *)&six, sizeof six);
    } else {
        fd = socket(AF_INET, kind, 0);
        bound = fd >= 0 ? bind(fd, (struct sockaddr *)&four, sizeof four) : -1;
    }
    if (bound == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    bound = errno;
    if (fd >= 0)
        close(fd);
    return -bound;
}

static _Noreturn void run(const struct recovery *recovery)
{
    int fds[] = {-1, recovery->output, recovery->output, recovery->listener};
    char *secure[] = {FACE_RECOVERY, "--cert", CERTIFICATE_PATH, "--key", CERTIFICATE_KEY_PATH,
                      NULL};
    char *plain[] = {FACE_RECOVERY, NULL};
    char itself[32], idle[32];
    char *environment[] = {"PATH=/", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8", "LISTEN_FDS=1",
                           itself,   idle,        NULL};

    child_keep(fds, LISTENER + 1);
    snprintf(itself, sizeof itself, "LISTEN_PID=%d", (int)getpid());
    snprintf(idle, sizeof idle, "FAPWS_IDLE=%d", POLICY_RECOVERY_IDLE);
    if (child_become(POLICY_RECOVERY_UID) && chdir("/tmp") == 0)
        execve("/init", recovery->secure ? secure : plain, environment);
    dprintf(2, "fapws4: cannot run the recovery pages: %s\n", strerror(errno));
    _exit(127);
}

static void watch(struct recovery *recovery);

static void rest(struct recovery *recovery, int64_t ran_ms)
{
    int64_t delay = backoff_next(&recovery->backoff, ran_ms);

    warn("the recovery pages have failed; they can be asked for again in %d s",
         (int)(delay / 1000));
    loop_set(recovery->loop, &recovery->restart, delay);
}

/* Somebody connects. The connection waits in the socket for the program. */
static void listener_ready(void *owner)
{
    struct recovery *recovery = owner;

    loop_forget(recovery->loop, recovery->listener);
    recovery->started_ms = loop_now();
    recovery->pid = child_fork();
    if (recovery->pid == 0)
        run(recovery);
    if (recovery->pid > 0)
        return;
    recovery->pid = 0;
    try_to("start the recovery pages", errno);
    rest(recovery, 0);
}

static void watch(struct recovery *recovery)
{
    try_to("hear who asks for the recovery pages",
           loop_watch(recovery->loop, recovery->listener, POLLIN, listener_ready, recovery));
}

static void restart_fired(void *owner)
{
    watch(owner);
}

int recovery_open(struct recovery *recovery, struct loop *loop, bool secure, int output)
{
    int fd = listen_on(port_of(secure));

    *recovery =
        (struct recovery){.loop = loop, .secure = secure, .listener = fd, .output = output};
    recovery->restart = (struct timer){.fired = restart_fired, .owner = recovery};
    if (fd < 0)
        return -fd;
    watch(recovery);
    return 0;
}

void recovery_url(const struct recovery *recovery, const char *host, char url[128])
{
    snprintf(url, 128, "%s://%s:%d/", recovery->secure ? "https" : "http", host,
             port_of(recovery->secure));
}

bool recovery_reaped(struct recovery *recovery, pid_t pid, int status)
{
    if (pid == 0 || pid != recovery->pid)
        return false;
    recovery->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        watch(recovery);
    else
        rest(recovery, loop_now() - recovery->started_ms);
    return true;
}
