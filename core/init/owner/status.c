#include "status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "../network/inet6.h"
#include "../machine.h"
#include "../storage/storage_health.h"
#include "../network/network_servers.h"

struct page {
    char *text;
    size_t used;
};

/* A line that does not fit is left out whole. */
__attribute__((format(printf, 3, 4))) static void add(struct page *page, const char *key,
                                                      const char *format, ...)
{
    char value[512];
    size_t room = STATUS_SIZE - page->used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    if (value[0] == '\0')
        return;
    length = snprintf(page->text + page->used, room, "%s %s\n", key, value);
    if (length > 0 && (size_t)length < room)
        page->used += (size_t)length;
    else
        page->text[page->used] = '\0';
}

static void add_state(struct page *page, const struct machine *machine)
{
    const struct probation *probation = &machine->probation;

    if (probation->runs) {
        add(page, "state", "trial %d%s", (int)(probation->trial.left_ms / 1000),
            probation->verdict == TRIAL_PAUSED ? " paused" : "");
        add(page, "missing", "%s", probation->lacks ? probation->lacks : "");
    } else if (machine->app.recovering) {
        add(page, "state", "recovery %s has failed %u times; it %s", machine->config.name,
            machine->app.failures.count, machine->app.ended);
    } else {
        add(page, "state", "confirmed");
    }
}

static void add_health(struct page *page, const struct storage *storage)
{
    static const char *const reserves[] = {"", "normal", "low", "urgent"};
    struct storage_health health;

    storage_health_read(storage, &health);
    if (health.size)
        add(page, "storage", "%" PRIu64 " %" PRIu64, health.size, health.available);
    if (health.errors)
        add(page, "storage-errors", "%" PRIu64, health.errors);
    if (health.used_life)
        add(page, "storage-life", "%d", health.used_life);
    add(page, "storage-reserve", "%s", reserves[health.reserve]);
}

static void add_data(struct page *page, const struct storage *storage)
{
    add(page, "data", "%s",
        storage->state == STORAGE_AWAITED     ? ""
        : storage->state == STORAGE_IN_MEMORY ? "memory"
        : storage->read_only                  ? "read-only"
                                              : "ok");
    add_health(page, storage);
    add(page, "rescue", "%s", storage->rescue ? "/run/data" : "");
}

static void add_interface(struct page *page, const struct interface *interface)
{
    const struct link *link = &interface->link;
    char address[IPV4_TEXT_SIZE];

    add(page, "interface", "%s %02x:%02x:%02x:%02x:%02x:%02x %s", link->name, link->mac[0],
        link->mac[1], link->mac[2], link->mac[3], link->mac[4], link->mac[5],
        link->carrier ? "connected" : "no-cable");
    ipv4_text(interface->lease.address, address);
    if (interface->lease.address)
        add(page, "address", "%s", address);
    if (interface->contested)
        add(page, "rival", "%02x:%02x:%02x:%02x:%02x:%02x", interface->rival[0],
            interface->rival[1], interface->rival[2], interface->rival[3], interface->rival[4],
            interface->rival[5]);
    ipv4_text(interface->lease.router, address);
    if (interface->lease.router)
        add(page, "gateway", "%s", address);
}

static void add_addresses6(struct page *page)
{
    struct span list = inet6_list();
    struct inet6 found;
    char address[INET6_TEXT_SIZE];

    while (inet6_next(&list, &found)) {
        inet6_text(found.address, address);
        if (found.usable)
            add(page, "address6", "%s", address);
    }
}

static void add_servers(struct page *page, const char *key, const struct host_address *servers,
                        int count)
{
    char address[INET6_TEXT_SIZE];

    for (int i = 0; i < count; i++) {
        host_address_text(&servers[i], address);
        add(page, key, "%s", address);
    }
}

static void add_network(struct page *page, const struct network *network)
{
    bool interface = false, carrier = false;
    struct host_address servers[NETWORK_SERVERS];

    for (int i = 0; i < POLICY_INTERFACES; i++) {
        interface = interface || network->interfaces[i].link.index;
        carrier = carrier || network->interfaces[i].link.carrier;
    }
    add(page, "network", "%s", carrier ? "connected" : interface ? "no-cable" : "none");
    for (int i = 0; i < POLICY_INTERFACES; i++)
        if (network->interfaces[i].link.index)
            add_interface(page, &network->interfaces[i]);
    add_addresses6(page);
    add_servers(page, "dns", servers, network_name_servers(network, servers));
}

static void add_network_settings(struct page *page, const struct network_change *change)
{
    char text[NETWORK_TEXT];

    network_settings_write(&change->current, text);
    add(page, "network-settings", "%s", text);
    if (network_change_left(change))
        add(page, "network-trial", "%d", network_change_left(change));
}

static void add_time(struct page *page, const struct machine *machine)
{
    const struct sntp_order *asked = &machine->time_servers.order;
    char text[CLOCK_TEXT];

    add_servers(page, "ntp", asked->servers, asked->count);
    clock_text(&machine->clock, text);
    add(page, "clock", "%s", text);
    if (machine->app.timezone[0])
        add(page, "timezone", "%s %s", machine->zone[0] ? machine->zone : "-",
            machine->app.timezone);
    add(page, "uptime", "%" PRId64, loop_now() / 1000);
}

static void add_app(struct page *page, const struct app *app)
{
    if (app->ready.port)
        add(page, "app", "listening %u", app->ready.port);
    else
        add(page, "app", "%s", app->pid ? "starting" : "ended");
}

/* What is offered waits for somebody to agree; the end of the last one stands until the next. */
static void add_courier(struct page *page, const char *name, const struct courier_state *state)
{
    if (state->phase == COURIER_OFFERS)
        add(page, name, "offers %s %s", state->version, state->where);
    else if (state->phase == COURIER_INSTALLS)
        add(page, name, "installs %s %s", state->version, state->where);
    else if (state->phase == COURIER_LOOKS)
        add(page, name, "looks");
    else
        add(page, name, "%s", state->text);
}

static void add_update(struct page *page, const struct update *update)
{
    switch (update->state) {
    case UPDATE_OFF: break;
    case UPDATE_IDLE: add(page, "update", "idle"); break;
    case UPDATE_RUNNING:
        add(page, "update", "running %llu %llu", (unsigned long long)update->done,
            (unsigned long long)update->total);
        break;
    case UPDATE_INSTALLED: add(page, "update", "installed %s", update->text); break;
    case UPDATE_REFUSED: add(page, "update", "refused %s", update->text); break;
    }
}

static void add_fetch(struct page *page, const struct fetch *fetch)
{
    const struct courier_state *state = &fetch->courier.state;

    if (state->phase == COURIER_IDLE && state->text[0] == '\0')
        add(page, "fetch", "%s has not been asked yet", fetch->config->update_from);
    else
        add_courier(page, "fetch", state);
}

size_t status_format(const struct machine *machine, char text[STATUS_SIZE])
{
    struct page page = {text, 0};
    char slot[] = {machine->slot.running, '\0'};

    add(&page, "product", "%s", machine->config.name);
    add(&page, "version", "%s", machine->config.version);
    add(&page, "board", "%s", machine->config.board);
    add(&page, "counter", "%s", machine->config.counter);
    add(&page, "slot", "%s", slot);
    add_state(&page, machine);
    add_data(&page, &machine->storage);
    add(&page, "name", "%s", machine->name.text);
    add_network(&page, &machine->network);
    add_network_settings(&page, &machine->network_change);
    add(&page, "certificate", "%s", machine->pages.certificate.fingerprint);
    add_time(&page, machine);
    add_app(&page, &machine->app);
    add_update(&page, &machine->update);
    add(&page, "failed", "%s", machine->probation.failed);
    add(&page, "lost", "%s", machine->probation.lost);
    add(&page, "reset", "%s", machine->record.reset ? machine->record.reset : "");
    add_courier(&page, "usb", &machine->sticks.courier.state);
    if (machine->fetch.config)
        add_fetch(&page, &machine->fetch);
    return page.used;
}
