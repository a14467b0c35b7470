#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../log/console.h"
#include "../policy.h"

int watchdog_open(struct watchdog *watchdog)
{
    struct watchdog_info info = {0};
    int status = 0;
    int seconds = POLICY_WATCHDOG_TIMEOUT;

    if (watchdog->fd > 0)
        return 0;
    watchdog->fd = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
    if (watchdog->fd < 0) {
        watchdog->fd = 0;
        return errno;
    }
    ioctl(watchdog->fd, WDIOC_GETSUPPORT, &info);
    watchdog->has_reset = ioctl(watchdog->fd, WDIOC_GETBOOTSTATUS, &status) == 0 &&
                          (status & WDIOF_CARDRESET);
    /* A driver that cannot do the time says so by what it sets instead. */
    if (ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &seconds) != 0)
        ioctl(watchdog->fd, WDIOC_GETTIMEOUT, &seconds);
    snprintf(watchdog->identity, sizeof watchdog->identity, "%.32s", (const char *)info.identity);
    say("watchdog: %s, %d s", watchdog->identity, seconds);
    return 0;
}

void watchdog_feed(struct watchdog *watchdog)
{
    if (watchdog->fd > 0)
        ioctl(watchdog->fd, WDIOC_KEEPALIVE, 0);
}

void watchdog_disarm(struct watchdog *watchdog)
{
    if (watchdog->fd <= 0)
        return;
    if (write(watchdog->fd, "V", 1) != 1) /* the magic close of watchdog-api.rst */
        say("watchdog: %s cannot be disarmed", watchdog->identity);
    close(watchdog->fd);
    watchdog->fd = 0;
}
