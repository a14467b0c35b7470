#include "activation.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 3 }; /* the first descriptor that is handed over */

static long number_in(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long number = text != NULL ? strtol(text, &end, 10) : -1;

    return text != NULL && end != text && *end == '\0' ? number : -1;
}

int activation_take(void)
{
    bool given = number_in("LISTEN_PID") == getpid() && number_in("LISTEN_FDS") == 1;

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!given || fcntl(FIRST, F_SETFD, FD_CLOEXEC) != 0 || fcntl(FIRST, F_SETFL, O_NONBLOCK) != 0)
        return -1;
    return FIRST;
}
