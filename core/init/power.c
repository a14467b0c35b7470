#include "power.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/console.h"
#include "duty.h"
#include "loop.h"
#include "storage/storage.h"

/* A process that waits for a dead disk cannot even be killed: it must not hold up the rest. */
static void end_all_processes(void)
{
    int64_t deadline = loop_now() + POLICY_END_ALL;
    pid_t ended;

    kill(-1, SIGKILL);
    while ((ended = waitpid(-1, NULL, WNOHANG)) >= 0 && loop_now() < deadline)
        if (ended == 0)
            poll(NULL, 0, 10);
}

_Noreturn void power_finish(enum power power, struct watchdog *watchdog)
{
    end_all_processes();
    try_to("unmount /data", storage_close());
    if (power == POWER_OFF)
        watchdog_disarm(watchdog);
    else
        watchdog_feed(watchdog);
    say(power == POWER_OFF ? "power off" : "restart");
    console_drain();
    reboot(power == POWER_OFF ? RB_POWER_OFF : RB_AUTOBOOT);
    say("this machine cannot switch itself off; the power may be cut now");
    console_drain();
    for (;;)
        pause();
}
