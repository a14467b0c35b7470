#include "terminal.h"

#include <stddef.h>

static bool outlived;

void terminal_prepare(void)
{
    struct sigaction action;

    outlived = sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool terminal_is_gone(int number, const siginfo_t *info)
{
#ifdef SI_KERNEL
    return number == SIGHUP && info->si_code == SI_KERNEL && !outlived;
#else
    (void)number;
    (void)info;
    return false;
#endif
}
