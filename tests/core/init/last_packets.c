/* A courier that says two packets and ends, of which PID 1 has read none when it reaps the process, as
 * on a machine that is busy: prints what it is told, and how that ended. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "updates/courier.h"

static void run(const void *order, int packets)
{
    (void)order;
    courier_say(packets, "seen sha256:12");
    courier_say(packets, "nothing no version is newer");
    _Exit(0);
}

static void told(void *owner, enum courier_act act)
{
    const struct courier *courier = owner;

    printf("%s %s %s\n", act == COURIER_TELL ? "tell" : "other", courier->state.seen,
           courier->state.text);
}

int main(void)
{
    static struct loop loop;
    static struct courier courier;
    siginfo_t ended;

    loop_init(&loop);
    courier_init(&courier, &loop, told, &courier);
    if (courier_start(&courier, true, "", run, NULL) != 0 ||
        waitid(P_PID, (id_t)courier.pid, &ended, WEXITED) != 0)
        return 1;
    return courier_reaped(&courier, ended.si_pid) && courier.fd < 0 ? 0 : 1;
}
