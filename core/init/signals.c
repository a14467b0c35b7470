#include "signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void ready(void *owner)
{
    struct signals *signals = owner;
    struct signalfd_siginfo info;

    while (read(signals->fd, &info, sizeof info) == (ssize_t)sizeof info)
        signals->received(signals->owner, (int)info.ssi_signo);
}

int signals_open(struct signals *signals, struct loop *loop, void (*received)(void *, int),
                 void *owner)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGUSR2, SIGPWR, SIGINT, SIGUSR1, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    reboot(RB_DISABLE_CAD);
    *signals = (struct signals){signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), received, owner};
    if (signals->fd < 0)
        return errno;
    return loop_watch(loop, signals->fd, POLLIN, ready, signals);
}
