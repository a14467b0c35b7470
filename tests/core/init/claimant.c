/* Claims 10.0.2.11 for the interface eth1, with the kernel's switches as on a device: prints the
 * address that it may use, 0 for none, and whose it is otherwise. Exit code 1 when nothing is told for
 * a minute. */
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel.h"
#include "network/dhcp_process.h"

enum { PATIENCE = 60000 }; /* ms */

static void find_mac(struct dhcp_order *order)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memcpy(request.ifr_name, order->interface, sizeof order->interface);
    ioctl(fd, SIOCGIFHWADDR, &request);
    memcpy(order->mac, request.ifr_hwaddr.sa_data, sizeof order->mac);
    close(fd);
}

int main(void)
{
    struct dhcp_order order = {.interface = "eth1",
                               .index = (int)if_nametoindex("eth1"),
                               .hostname = "hello",
                               .fixed = 0x0a00020b};
    struct dhcp_report report;
    struct pollfd polled = {.events = POLLIN};
    pid_t pid;
    int told;

    if (kernel_set_switches() != 0)
        return 2;
    find_mac(&order);
    pid = dhcp_process_start(&order, &polled.fd);
    told = pid > 0 && poll(&polled, 1, PATIENCE) == 1 &&
           read(polled.fd, &report, sizeof report) == sizeof report;
    if (pid > 0)
        kill(pid, SIGKILL);
    if (told)
        printf("%08x %08x\n", report.lease.address, report.contested);
    return told ? 0 : 1;
}
