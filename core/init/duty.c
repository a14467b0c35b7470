#include "duty.h"

#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "log/console.h"

bool try_to(const char *what, int error)
{
    if (error)
        warn("cannot %s: %s", what, strerror(error));
    return error == 0;
}

void must(const char *what, int error)
{
    if (try_to(what, error))
        return;
    say("the device cannot work without it; it starts again in 10 s");
    console_drain();
    sleep(10);
    sync();
    reboot(RB_AUTOBOOT);
}
