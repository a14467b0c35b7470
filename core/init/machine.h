/* One machine. The duties do not know each other: what one's event means to another is told in
 * init.c and, as long as a slot is on trial, in probation.c. */
#ifndef FAPWS4_INIT_MACHINE_H
#define FAPWS4_INIT_MACHINE_H

#include "app/app.h"
#include "hardware/buttons.h"
#include "owner/claim.h"
#include "clock/clock.h"
#include "config.h"
#include "updates/fetch.h"
#include "hardware/hotplug.h"
#include "log/kernel_log.h"
#include "owner/manager.h"
#include "hardware/modules.h"
#include "network/name.h"
#include "network/network.h"
#include "network/network_change.h"
#include "hardware/nodes.h"
#include "owner/pages.h"
#include "power.h"
#include "slots/probation.h"
#include "log/record.h"
#include "signals.h"
#include "slots/slot.h"
#include "updates/sticks.h"
#include "storage/storage.h"
#include "app/supervision.h"
#include "clock/time_servers.h"
#include "updates/update.h"
#include "hardware/watchdog.h"
#include "owner/welcome.h"

struct machine {
    struct loop loop;
    struct config config;
    char hostname[64]; /* the image's, or the one that the device was given */
    struct modules modules;
    struct hotplug hotplug;
    struct nodes nodes;
    struct kernel_log kernel_log;
    struct signals signals;
    struct buttons buttons;
    struct clock clock;
    struct time_servers time_servers;
    char zone[64]; /* the name of the app's time zone, "" = not told */
    struct network network;
    struct network_change network_change;
    struct name name;
    struct storage storage;
    struct record record;
    struct slot slot;
    struct probation probation;
    struct supervision supervision;
    struct claim claim;
    struct update update;
    struct sticks sticks;
    struct fetch fetch;
    struct pages pages;
    struct manager manager;
    struct welcome welcome;
    struct watchdog watchdog;
    bool watchdog_wanted;
    struct timer heartbeat;
    struct timer hint;
    struct app app;
    enum power power;
};

/* Ends everything in an orderly way. A second wish while the app is still stopping is
 * impatience. */
void machine_end(struct machine *machine, enum power power);

/* Begins to look for updates, once nothing is on trial. */
void machine_look_for_updates(struct machine *machine);

#endif
