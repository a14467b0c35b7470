#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmdline.h"
#include "log/console.h"
#include "owner/door.h"
#include "duty.h"
#include "file.h"
#include "kept_settings.h"
#include "kernel.h"
#include "machine.h"
#include "mounts.h"
#include "network/network_servers.h"
#include "owner/ownership.h"
#include "owner/reset.h"
#include "hardware/uevent.h"

static void name_changed(void *owner)
{
    welcome_changed(owner);
}

static void app_changed(void *owner)
{
    struct machine *machine = owner;
    const struct ready *ready = &machine->app.ready;
    const char *warning = storage_warning(&machine->storage);

    supervision_app_changed(&machine->supervision);
    if (ready->port == 0)
        return;
    if (warning)
        say("%s", warning);
    say("listening on port %u", ready->port);
    welcome_changed(machine);
}

/* Whom the settings or a DHCP server name, else those of the image. */
static void ask_for_time(struct machine *machine)
{
    struct host_address servers[NETWORK_SERVERS];
    int count = network_time_servers(&machine->network, servers);

    if (count == 0)
        count = host_address_read_list(span_of(machine->config.ntp), servers, LEASE_SERVERS);
    time_servers_ask(&machine->time_servers, servers,
                     network_has_address(&machine->network) && count > 0 ? count : 0);
}

static void address_changed(void *owner, const struct interface *interface)
{
    struct machine *machine = owner;
    char address[IPV4_TEXT_SIZE];

    ask_for_time(machine);
    welcome_changed(machine);
    if (!interface)
        return;
    ipv4_text(interface->lease.address, address);
    if (interface->lease.address) {
        say("address %s (%s)", address, interface->link.name);
        pages_address(machine, address);
    } else {
        say("no address (%s)", interface->link.name);
    }
}

static void open_watchdog(struct machine *machine)
{
    if (machine->watchdog_wanted)
        watchdog_open(&machine->watchdog);
}

static void apply_network(void *owner, const struct network_settings *settings)
{
    struct machine *machine = owner;
    const char *name = settings->name[0] ? settings->name : machine->config.hostname;

    if (strcmp(machine->hostname, name) != 0) {
        snprintf(machine->hostname, sizeof machine->hostname, "%s", name);
        try_to("set the host name", kernel_set_name(name));
        say("this is %s", name);
        name_change(&machine->name);
    }
    network_apply(&machine->network, settings);
    ask_for_time(machine);
}

/* Only now is it known which address is wanted, and what name a DHCP server is to be told. */
static void learn_identity(struct machine *machine)
{
    struct settings settings;

    kept_settings_learn(&machine->storage, &settings);
    memcpy(machine->zone, settings.zone, sizeof machine->zone);
    memcpy(machine->app.timezone, settings.timezone, sizeof machine->app.timezone);
    network_change_open(&machine->network_change, &machine->loop, KEPT_NETWORK,
                        &settings.network, apply_network, machine);
    apply_network(machine, &settings.network);
    name_begin(&machine->name, &machine->loop, machine->hostname, name_changed, machine);
}

/* Where the app is to be asked: at the device's own address, as everybody else will do. */
static void choose_host(void *owner, char host[64])
{
    const struct machine *machine = owner;
    const struct ready *ready = &machine->app.ready;

    snprintf(host, 64, "%s", ready_is_everywhere(ready) ? "127.0.0.1" : ready->host);
    for (int i = 0; i < POLICY_INTERFACES && ready_is_everywhere(ready); i++) {
        if (machine->network.interfaces[i].lease.address) {
            ipv4_text(machine->network.interfaces[i].lease.address, host);
            return;
        }
    }
}

/* The ways in for updates that PID 1 looks at itself. On trial they wait for its end. */
static void open_couriers(struct machine *machine)
{
    const char *how = machine->config.usb_update, *failed = machine->probation.failed;
    bool automatic = strcmp(how, "auto") == 0;

    if (automatic || strcmp(how, "ask") == 0)
        sticks_open(&machine->sticks, &machine->loop, &machine->modules, machine->config.name,
                    machine->hostname, machine->storage.disk.path, automatic, failed,
                    reset_by_stick, machine);
    fetch_open(&machine->fetch, &machine->loop, &machine->config, failed);
    if (!machine->slot.on_trial)
        machine_look_for_updates(machine);
}

/* Somebody may become the owner: who sends updates, or the manager's first user. */
static void open_ownership(struct machine *machine)
{
    if (manager_linked || access("/etc/appliance.keys", F_OK) == 0)
        ownership_open(&machine->claim, machine->record.kept);
}

/* The app waits for this, so that nothing it writes is hidden by a later mount. */
static void storage_done(void *owner)
{
    struct machine *machine = owner;
    bool kept = machine->storage.state == STORAGE_ON_DISK;

    clock_learn(&machine->clock, kept);
    learn_identity(machine);
    record_open(&machine->record, kept, machine->watchdog.has_reset);
    if (machine->storage.disk.path[0])
        try_to("read the slot state", slot_open(&machine->slot, &machine->storage.disk));
    probation_begin(machine);
    supervision_open(&machine->supervision, &machine->loop, &machine->app, machine->config.health,
                     machine->slot.on_trial, choose_host, machine);
    open_ownership(machine);
    update_begin(machine);
    open_couriers(machine);
    machine->app.settings = machine->config.settings;
    machine->app.data_version = machine->config.data_version;
    machine->app.secure = strcmp(machine->config.tls, "device") == 0;
    pages_begin(machine);
    manager_open(&machine->manager, &machine->loop);
    machine->app.keeps_data = kept;
    machine->app.rescue = machine->storage.rescue;
    nodes_refresh(&machine->nodes); /* also of what was there before the first uevent was heard */
    app_start(&machine->app);
}

static _Noreturn void finish(struct machine *machine)
{
    name_end(&machine->name);
    clock_save(&machine->clock);
    record_close(&machine->record);
    power_finish(machine->power, &machine->watchdog);
}

void machine_end(struct machine *machine, enum power power)
{
    bool impatient = machine->power != POWER_ON;

    machine->power = power;
    machine->app.unwanted = true;
    if (impatient || machine->app.pid == 0)
        finish(machine);
    say("%s: stopping %s", power == POWER_OFF ? "power-off" : "restart", machine->config.name);
    app_stop(&machine->app);
}

void machine_look_for_updates(struct machine *machine)
{
    sticks_begin(&machine->sticks);
    fetch_begin(&machine->fetch);
}

static void button_pressed(void *owner)
{
    machine_end(owner, POWER_OFF);
}

static void reap(struct machine *machine)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!app_reaped(&machine->app, pid, status) &&
            !storage_reaped(&machine->storage, pid, status) &&
            !sticks_reaped(&machine->sticks, pid) && !fetch_reaped(&machine->fetch, pid) &&
            !update_reaped(machine, pid) && !network_reaped(&machine->network, pid) &&
            !pages_reaped(&machine->pages, pid, status) &&
            !time_servers_reaped(&machine->time_servers, pid) &&
            !manager_reaped(&machine->manager, pid, status))
            name_reaped(&machine->name, pid);
    if (machine->power != POWER_ON && machine->app.pid == 0)
        finish(machine);
}

static void signal_received(void *owner, int number)
{
    switch (number) {
    case SIGCHLD: reap(owner); break;
    case SIGHUP: app_stop(&((struct machine *)owner)->app); break;
    case SIGINT:
    case SIGUSR1: machine_end(owner, POWER_RESTART); break;
    default: machine_end(owner, POWER_OFF);
    }
}

static void device_happened(void *owner, struct span uevent)
{
    struct machine *machine = owner;
    const char *node = uevent_value(uevent, "DEVNAME");

    nodes_happened(&machine->nodes, uevent);
    if (uevent_adds(uevent, "block")) {
        storage_look(&machine->storage);
        if (node)
            sticks_add(&machine->sticks, node);
    } else if (uevent_removes(uevent, "block") && node)
        sticks_remove(&machine->sticks, node);
    else if (uevent_adds(uevent, "watchdog"))
        open_watchdog(machine);
    else if (uevent_adds(uevent, "input") && node)
        buttons_add(&machine->buttons, node);
}

/* While the loop turns, the watchdog is content. A machine whose hardware watchdog has not shown
 * up by the first beat gets the kernel's. */
static void heartbeat_fired(void *owner)
{
    struct machine *machine = owner;

    if (machine->watchdog_wanted && watchdog_open(&machine->watchdog) == ENOENT) {
        modules_load(&machine->modules, "softdog");
        watchdog_open(&machine->watchdog);
    }
    watchdog_feed(&machine->watchdog);
    storage_check(&machine->storage);
    loop_set(&machine->loop, &machine->heartbeat, POLICY_WATCHDOG_FEED);
}

static void hint_fired(void *owner)
{
    struct machine *machine = owner;

    network_explain(&machine->network);
}

static void read_orders(struct machine *machine)
{
    char cmdline[4096];
    struct span words = file_read("/proc/cmdline", cmdline, sizeof cmdline);
    char slot[] = ", slot ?";

    slot_read(&machine->slot, words);
    slot[sizeof slot - 2] = machine->slot.running;
    machine->probation.lasts_ms = probation_time(words);
    config_parse(file_load("/etc/appliance.conf"), &machine->config);
    console_keep(strtoul(machine->config.log_size, NULL, 10));
    nodes_init(&machine->nodes, machine->config.name, machine->config.devices);
    machine->watchdog_wanted = !cmdline_has(words, "fapws4.nowatchdog");
    say("%s %s on %s%s", machine->config.name, machine->config.version, machine->config.board,
        machine->slot.running ? slot : "");
}

static void find_devices(struct machine *machine)
{
    int64_t began = loop_now();

    modules_init(&machine->modules);
    try_to("listen for devices", hotplug_open(&machine->hotplug, &machine->loop, &machine->modules,
                                              device_happened, machine));
    modules_load_always(&machine->modules);
    modules_coldplug(&machine->modules);
    say("%d modules loaded in %d ms", machine->modules.loaded, (int)(loop_now() - began));
}

int init_run(int argc, char **argv)
{
    static struct machine machine;
    struct machine *m = &machine;

    if (getpid() != 1 || argc == 0 || strcmp(argv[0], "/init") != 0)
        return -1;
    loop_init(&m->loop);
    must("mount the kernel's file systems", mounts_make());
    try_to("open a console", console_open(&m->loop));
    try_to("mount what apps may need", mounts_make_further());
    try_to("make the folder of the doors", door_make());
    must("hear signals", signals_open(&m->signals, &m->loop, signal_received, m));
    read_orders(m);
    clock_open(&m->clock, &m->loop, strtoll(m->config.built, NULL, 10));
    time_servers_open(&m->time_servers, &m->loop, &m->clock);
    try_to("hear what the kernel refuses", kernel_log_open(&m->kernel_log, &m->loop));
    try_to("set the kernel's switches", kernel_set_switches());
    memcpy(m->hostname, m->config.hostname, sizeof m->hostname);
    try_to("set the host name", kernel_set_name(m->hostname));
    must("prepare the app", app_init(&m->app, &m->loop, m->config.name, app_changed, m));
    welcome_init(m);
    m->heartbeat = (struct timer){.fired = heartbeat_fired, .owner = m};
    m->hint = (struct timer){.fired = hint_fired, .owner = m};
    find_devices(m);
    open_watchdog(m);
    loop_set(&m->loop, &m->heartbeat, POLICY_WATCHDOG_FEED);
    buttons_open(&m->buttons, &m->loop, button_pressed, m);
    try_to("open the network",
           network_open(&m->network, &m->loop, m->hostname, address_changed, m));
    loop_set(&m->loop, &m->hint, POLICY_NETWORK_HINT);
    storage_open(&m->storage, &m->loop, m->config.data, storage_done, m);
    try_to("make / read-only", mounts_seal());
    for (;;) {
        loop_turn(&m->loop);
        record_turn(&m->record);
        pages_turn(&m->pages);
    }
}
