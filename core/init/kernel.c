#include "kernel.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "policy.h"

static int set_number(const char *path, int number)
{
    char text[16];
    int error;

    snprintf(text, sizeof text, "%d", number);
    error = file_write(path, text);
    return error == ENOENT ? 0 : error; /* a kernel built without the feature */
}

int kernel_set_switches(void)
{
    static const struct {
        const char *path;
        int value;
    } switches[] = {
        {"/proc/sys/net/ipv4/ip_unprivileged_port_start", POLICY_FIRST_OPEN_PORT},
        /* Of several cards in one network only that answers for an address which has it: the others
         * would be taken for rivals. */
        {"/proc/sys/net/ipv4/conf/all/arp_ignore", 1},
        /* An oops leaves locks held and a device half dead: better a restart, which the boot
         * loader counts. */
        {"/proc/sys/kernel/panic", 10},
        {"/proc/sys/kernel/panic_on_oops", 1},
    };
    int error = 0;

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        int result = set_number(switches[i].path, switches[i].value);

        error = error ? error : result;
    }
    return error;
}

int kernel_set_name(const char *hostname)
{
    char hosts[256];
    int error;

    snprintf(hosts, sizeof hosts, "127.0.0.1 localhost %s\n::1 localhost\n", hostname);
    if (sethostname(hostname, strlen(hostname)) != 0)
        return errno;
    error = file_replace("/run/hosts", hosts);
    /* The name may change when / is read-only. */
    if (!error && symlink("/run/hosts", "/etc/hosts") != 0 && errno != EEXIST)
        error = errno;
    return error;
}
