#include "recovery.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../face.h"
#include "certificate.h"
#include "../app/sandbox.h"
#include "../child.h"

enum { LISTENER = 3, BACKLOG = 64 };

/* The program, what it is told of the machine, and room for what is uploaded. */
static const struct landlock_place places[] = {
    {"/init", LANDLOCK_RUN},
    {"/etc", LANDLOCK_READ},
    {"/proc", LANDLOCK_READ},
    {"/sys", LANDLOCK_READ},
    {"/dev/null", LANDLOCK_CHANGE},
    {"/dev/urandom", LANDLOCK_READ},
    {CERTIFICATE_PATH, LANDLOCK_READ},
    {CERTIFICATE_KEY_PATH, LANDLOCK_READ},
    {"/tmp", LANDLOCK_POSSESS},
};

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

static void run(const void *owner)
{
    const struct recovery *recovery = owner;
    int fds[] = {-1, recovery->output, recovery->output, recovery->process.listener};
    char *secure[] = {FACE_RECOVERY, "--cert", CERTIFICATE_PATH, "--key", CERTIFICATE_KEY_PATH,
                      NULL};
    char *plain[] = {FACE_RECOVERY, NULL};
    char itself[32], idle[32], names[sizeof "FAPWS_NAMES=" + CERTIFICATE_NAMES];
    char *environment[] = {"PATH=/", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8", "LISTEN_FDS=1",
                           itself,   idle,        names,         NULL};

    child_keep(fds, LISTENER + 1);
    snprintf(itself, sizeof itself, "LISTEN_PID=%d", (int)getpid());
    snprintf(names, sizeof names, "FAPWS_NAMES=%s", recovery->names ? recovery->names : "");
    snprintf(idle, sizeof idle, "FAPWS_IDLE=%d", POLICY_RECOVERY_IDLE);
    errno = sandbox_enter(POLICY_RECOVERY_UID, places, sizeof places / sizeof places[0]);
    if (!errno && chdir("/tmp") == 0)
        execve("/init", recovery->secure ? secure : plain, environment);
    dprintf(2, "fapws4: cannot run the recovery pages: %s\n", strerror(errno));
    _exit(127);
}

int recovery_open(struct recovery *recovery, struct loop *loop, bool secure, int output)
{
    int fd = listen_on(port_of(secure));

    *recovery = (struct recovery){.secure = secure, .output = output, .process.listener = -1};
    if (fd < 0)
        return -fd;
    activated_open(&recovery->process, loop, "the recovery pages", fd, run, recovery);
    return 0;
}

void recovery_url(const struct recovery *recovery, const char *host, char url[128])
{
    snprintf(url, 128, "%s://%s:%d/", recovery->secure ? "https" : "http", host,
             port_of(recovery->secure));
}

/* The next one reads it. */
void recovery_renew(struct recovery *recovery)
{
    if (recovery->process.pid)
        kill(recovery->process.pid, SIGTERM);
}

bool recovery_reaped(struct recovery *recovery, pid_t pid, int status)
{
    return activated_reaped(&recovery->process, pid, status);
}
