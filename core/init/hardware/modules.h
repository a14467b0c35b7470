/* Kernel modules: /lib/modules/NAME.ko.xz, loaded as they are (the kernel unpacks them and
 * checks their signature), with the parameters that its command line has for them. The three lists
 * in /etc are the image builder's; a kernel without modules has none of them, and then every call
 * here does nothing. */
#ifndef FAPWS4_INIT_MODULES_H
#define FAPWS4_INIT_MODULES_H

#include "module_index.h"

enum { MODULES_AT_MOST = 256 };

struct modules {
    struct span always;  /* /etc/modules.always */
    struct span aliases; /* /etc/modules.alias */
    struct span depends; /* /etc/modules.depends */
    char tried[MODULES_AT_MOST][MODULE_NAME_SIZE];
    int tried_count;
    int loaded; /* of those tried */
};

void modules_init(struct modules *modules);

/* Loads one module after all it depends on, once; later calls do nothing. That the hardware is
 * not there (ENODEV) is no failure; everything else is said. */
void modules_load(struct modules *modules, const char *name);

/* Loads the list of those that no device asks for: file systems, checksums, the input interface. */
void modules_load_always(struct modules *modules);

/* Loads what drives the device that `modalias` describes. */
void modules_load_for(struct modules *modules, const char *modalias);

/* Loads the drivers of all devices that are there already, bus by bus. */
void modules_coldplug(struct modules *modules);

#endif
