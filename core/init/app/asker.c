#include "asker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../tls.h"
#include "../child.h"
#include "../policy.h"

enum { SOCKET = 3, ANSWER = 4 };

int asker_connect(const char *host, unsigned port, int flags)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is_four = inet_pton(AF_INET, host, &four.sin_addr) == 1;
    const struct sockaddr *address = is_four ? (void *)&four : (void *)&six;
    int fd;

    if (!is_four && inet_pton(AF_INET6, host, &six.sin6_addr) != 1)
        return -1;
    fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd >= 0 && connect(fd, address, is_four ? sizeof four : sizeof six) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

/* What does not end in time is ended by the alarm. */
static _Noreturn void ask(const char *host, unsigned port, struct span question, int output)
{
    char fault[TLS_FAULT], answer[64];
    const struct tls_library *tls = tls_library(fault);
    int connected;
    size_t length;

    alarm(POLICY_HEALTH_ANSWER / 1000);
    connected = tls ? asker_connect(host, port, 0) : -1;
    if (connected < 0)
        _exit(1);
    child_keep((int[]){-1, -1, -1, connected, output}, ANSWER + 1);
    if (!child_confine(CHILD_EMPTY_ROOT, POLICY_ASKER_UID, ANSWER + 1))
        _exit(1);
    length = tls->ask(SOCKET, (struct slice){question.start, question.length}, answer,
                      sizeof answer);
    _exit(write(ANSWER, answer, length) == (ssize_t)length ? 0 : 1);
}

int asker_start(const char *host, unsigned port, struct span question)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child = child_fork();
    if (child == 0)
        ask(host, port, question, ends[1]);
    close(ends[1]);
    if (child > 0)
        return ends[0];
    close(ends[0]);
    return -1;
}
