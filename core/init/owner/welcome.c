#include "welcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../log/console.h"
#include "../network/inet6.h"
#include "../network/link_local.h"
#include "../machine.h"

static const char rule[] = "------------------------------------------------------------";

/* The manager's list of users: from the first one on the device has an owner. */
static const char users[] = RECORD_FOLDER "/users";

/* A line that does not fit is left out whole: there are more addresses than a screen has lines. */
__attribute__((format(printf, 2, 3))) static void add(char text[WELCOME_SIZE], const char *format,
                                                      ...)
{
    size_t used = strlen(text), room = WELCOME_SIZE - used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text + used, room - 1, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < room - 1)
        snprintf(text + used + length, room - (size_t)length, "\n");
    else
        text[used] = '\0';
}

/* ---- the device ---- */

/* Of several addresses that one which somebody has given; of none the name. */
static void choose_host(const struct machine *machine, char host[IPV4_TEXT_SIZE + 80])
{
    uint32_t chosen = 0;

    for (int i = 0; i < POLICY_INTERFACES; i++) {
        uint32_t address = machine->network.interfaces[i].lease.address;

        if (address && (!chosen || link_local_is(chosen)))
            chosen = address;
    }
    snprintf(host, IPV4_TEXT_SIZE + 80, "%s", machine->name.text);
    if (chosen)
        ipv4_text(chosen, host);
}

static void write_device(const struct machine *machine, char text[WELCOME_SIZE])
{
    const struct pages *pages = &machine->pages;
    char host[IPV4_TEXT_SIZE + 80], url[128];

    text[0] = '\0';
    if (machine->claim.code[0] && access(users, F_OK) != 0)
        add(text, "claim code %s", machine->claim.code);
    choose_host(machine, host);
    if (pages->open && pages->recovery.process.listener >= 0 && host[0]) {
        recovery_url(&pages->recovery, host, url);
        add(text, pages->recovery.secure ? "status and updates: %s" : "status: %s", url);
    }
    if (pages->certificate.fingerprint[0])
        add(text, "certificate %s", pages->certificate.fingerprint);
}

/* ---- the app ---- */

static void add_answer(const struct machine *machine, const char *host, char text[WELCOME_SIZE])
{
    char url[128];

    ready_url(&machine->app.ready, host, url, sizeof url);
    add(text, "%s answers at %s", machine->config.name, url);
}

/* Those that need no interface beside them can be typed into a browser. */
static void add_answers6(const struct machine *machine, char text[WELCOME_SIZE])
{
    struct span list = inet6_list();
    struct inet6 found;
    char address[INET6_TEXT_SIZE];

    while (inet6_next(&list, &found)) {
        inet6_text(found.address, address);
        if (found.usable && !inet6_is_link_local(found.address))
            add_answer(machine, address, text);
        else if (found.usable)
            add(text, "on a direct cable, too: %s", address);
    }
}

static void write_app(const struct machine *machine, char text[WELCOME_SIZE])
{
    const struct ready *ready = &machine->app.ready;
    char address[IPV4_TEXT_SIZE];

    text[0] = '\0';
    if (!ready_is_everywhere(ready)) {
        add_answer(machine, NULL, text);
        return;
    }
    for (int i = 0; i < POLICY_INTERFACES; i++) {
        ipv4_text(machine->network.interfaces[i].lease.address, address);
        if (machine->network.interfaces[i].lease.address)
            add_answer(machine, address, text);
    }
    if (strcmp(ready->host, "::") == 0)
        add_answers6(machine, text);
    if (text[0] && machine->name.text[0])
        add_answer(machine, machine->name.text, text);
}

/* ---- both ---- */

/* The log does not have the claim code. */
static void show_lines(const char *text)
{
    struct span rest = span_of(text), line;

    while (span_next_line(&rest, &line)) {
        struct span code = line;

        if (span_skip(&code, "claim code "))
            confide("%.*s", (int)line.length, line.start);
        else
            say("%.*s", (int)line.length, line.start);
    }
}

static void show(const char *device, const char *app)
{
    say("%s", rule);
    show_lines(device);
    show_lines(app);
    say("%s", rule);
}

/* While the app is not there, what is known of it stays as it is: one that is started again and again
 * makes no new block each time. */
static void settle_fired(void *owner)
{
    struct machine *machine = owner;
    struct welcome *welcome = &machine->welcome;
    char device[WELCOME_SIZE], app[WELCOME_SIZE];

    write_device(machine, device);
    snprintf(app, sizeof app, "%s", welcome->app);
    if (machine->app.ready.port)
        write_app(machine, app);
    if (strcmp(device, welcome->device) == 0 && strcmp(app, welcome->app) == 0)
        return;
    memcpy(welcome->device, device, sizeof device);
    memcpy(welcome->app, app, sizeof app);
    if (machine->app.ready.port == 0)
        app[0] = '\0';
    if (app[0])
        welcome->shown_ms = loop_now();
    if (device[0] || app[0])
        show(device, app);
}

void welcome_init(struct machine *machine)
{
    machine->welcome.settle = (struct timer){.fired = settle_fired, .owner = machine};
}

void welcome_changed(struct machine *machine)
{
    struct welcome *welcome = &machine->welcome;
    int64_t rest = welcome->shown_ms ? welcome->shown_ms + POLICY_WELCOME_AGAIN - loop_now() : 0;

    if (welcome->settle.due_ms == 0)
        loop_set(&machine->loop, &welcome->settle,
                 rest > POLICY_WELCOME_SETTLE ? rest : POLICY_WELCOME_SETTLE);
}
