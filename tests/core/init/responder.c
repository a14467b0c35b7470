/* Answers for the name "hello" in multicast DNS, until it is the device's: then prints its number. Exit
 * code 1 when nothing comes of it for a minute. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "network/mdns_process.h"

enum { PATIENCE = 60000 }; /* ms */

int main(void)
{
    int reports, number;
    pid_t pid = mdns_process_start("hello", &reports);
    struct pollfd polled = {reports, POLLIN, 0};
    int said = pid > 0 && poll(&polled, 1, PATIENCE) == 1 &&
               read(reports, &number, sizeof number) == sizeof number;

    if (pid > 0)
        kill(pid, SIGKILL);
    if (said)
        printf("%d\n", number);
    return said ? 0 : 1;
}
