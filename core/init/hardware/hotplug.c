#include "hotplug.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>

#include "../network/netlink.h"
#include "uevent.h"

enum { KERNEL_GROUP = 1 };
enum { MESSAGE_SIZE = 8192 }; /* bytes; the kernel sends 2 KiB of values at most */

static void handle(struct hotplug *hotplug, struct span uevent)
{
    const char *action = uevent_value(uevent, "ACTION");
    const char *modalias = uevent_value(uevent, "MODALIAS");

    if (action && modalias && strcmp(action, "add") == 0)
        modules_load_for(hotplug->modules, modalias);
    hotplug->happened(hotplug->owner, uevent);
}

static void ready(void *owner)
{
    struct hotplug *hotplug = owner;
    char message[MESSAGE_SIZE];
    ssize_t length;

    while ((length = netlink_receive(hotplug->fd, message, sizeof message)) != 0) {
        if (length < 0) {
            modules_coldplug(hotplug->modules);
            hotplug->happened(hotplug->owner, span_of(""));
        } else {
            handle(hotplug, (struct span){message, (size_t)length});
        }
    }
}

int hotplug_open(struct hotplug *hotplug, struct loop *loop, struct modules *modules,
                 void (*happened)(void *, struct span), void *owner)
{
    *hotplug = (struct hotplug){-1, modules, happened, owner};
    hotplug->fd = netlink_open(NETLINK_KOBJECT_UEVENT, KERNEL_GROUP);
    if (hotplug->fd < 0)
        return errno;
    return loop_watch(loop, hotplug->fd, POLLIN, ready, hotplug);
}
