/* Devices that appear while the machine runs, from the kernel's uevents: each gets its module;
 * what else a device means is its owner's matter. Open it before the first module is loaded, and
 * no device is ever missed. */
#ifndef FAPWS4_INIT_HOTPLUG_H
#define FAPWS4_INIT_HOTPLUG_H

#include "../loop.h"
#include "modules.h"

struct hotplug {
    int fd;
    struct modules *modules;
    /* After the module is loaded. An empty one: so many came that some were lost. */
    void (*happened)(void *owner, struct span uevent);
    void *owner;
};

/* Starts listening on `loop`. 0 or an errno value. */
int hotplug_open(struct hotplug *hotplug, struct loop *loop, struct modules *modules,
                 void (*happened)(void *, struct span), void *owner);

#endif
