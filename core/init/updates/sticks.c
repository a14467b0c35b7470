#include "sticks.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../log/console.h"
#include "../duty.h"

/* A disk at a USB port, going by the path of its device, and not the one that was booted from. */
static bool is_stick(const struct sticks *sticks, const char *node)
{
    char link[64], path[512];
    size_t own = strlen(sticks->own);
    ssize_t length;

    snprintf(link, sizeof link, "/sys/class/block/%.31s", node);
    length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || strchr(node, '/') || strlen(node) >= STICK_NODE)
        return false;
    path[length] = '\0';
    return strstr(path, "/usb") && !(own > 5 && strncmp(node, sticks->own + 5, own - 5) == 0);
}

/* What the file systems of sticks need; the kernel cannot ask for it, since nobody would hear. */
static void load_modules(struct modules *modules)
{
    static const char *const names[] = {"nls_cp437", "nls_ascii", "nls_utf8", "vfat", "exfat"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        modules_load(modules, names[i]);
}

/* The next one, if the last one is done with. */
static void look(struct sticks *sticks)
{
    if (sticks->waiting_count == 0 || sticks->courier.pid != 0)
        return;
    memcpy(sticks->at.node, sticks->waiting[0], STICK_NODE);
    sticks->waiting_count--;
    memmove(sticks->waiting[0], sticks->waiting[1], (size_t)sticks->waiting_count * STICK_NODE);
    load_modules(sticks->modules);
    try_to("look at a USB stick",
           courier_start(&sticks->courier, sticks->automatic, sticks->failed, stick_process_run,
                         &sticks->at));
}

static void enter_pressed(void *owner)
{
    sticks_agree(owner);
}

static void told(void *owner, enum courier_act act)
{
    struct sticks *sticks = owner;
    const struct courier_state *found = &sticks->courier.state;

    enter_ignore(&sticks->enter);
    if (act == COURIER_INSTALL)
        say("USB stick %s: version %s is being installed (%s)", sticks->at.node, found->version,
            found->where);
    if (act == COURIER_ASK) {
        /* First, because what was typed before it listens is forgotten. */
        enter_listen(&sticks->enter, sticks->courier.loop, enter_pressed, sticks);
        say("USB stick %s has version %s of %s (%s): press Enter here to install it", sticks->at.node,
            found->version, sticks->product, found->where);
    } else if (act == COURIER_RESET) {
        stick_reset_begin(&sticks->reset, sticks->at.node, (uint32_t)found->stick);
    } else if (act == COURIER_TELL) {
        say("USB stick %s: %s", sticks->at.node, found->text);
    }
}

/* One that is there at the beginning may be announced as well. */
static bool is_known(const struct sticks *sticks, const char *node)
{
    bool known = sticks->courier.state.phase != COURIER_IDLE && strcmp(sticks->at.node, node) == 0;

    for (int i = 0; i < sticks->waiting_count; i++)
        known = known || strcmp(sticks->waiting[i], node) == 0;
    return known;
}

void sticks_add(struct sticks *sticks, const char *node)
{
    if (!sticks->begun || sticks->waiting_count == POLICY_STICKS || is_known(sticks, node) ||
        !is_stick(sticks, node))
        return;
    snprintf(sticks->waiting[sticks->waiting_count++], STICK_NODE, "%s", node);
    look(sticks);
}

void sticks_remove(struct sticks *sticks, const char *node)
{
    if (!sticks->begun)
        return;
    if (strcmp(sticks->at.node, node) == 0)
        courier_lose(&sticks->courier);
    stick_reset_stop(&sticks->reset, node);
}

bool sticks_agree(struct sticks *sticks)
{
    return sticks->begun && courier_agree(&sticks->courier);
}

bool sticks_reaped(struct sticks *sticks, pid_t pid)
{
    if (!sticks->begun || !courier_reaped(&sticks->courier, pid))
        return false;
    look(sticks);
    return true;
}

void sticks_open(struct sticks *sticks, struct loop *loop, struct modules *modules,
                 const char *product, const char *host, const char *own, bool automatic,
                 const char *failed, stick_reset_orders *reset, void *owner)
{
    *sticks = (struct sticks){.automatic = automatic,
                              .failed = failed,
                              .product = product,
                              .own = own,
                              .modules = modules,
                              .at = {.product = product, .host = host}};
    courier_init(&sticks->courier, loop, told, sticks);
    sticks->courier.state.resets = true;
    stick_reset_open(&sticks->reset, loop, product, reset, owner);
}

void sticks_begin(struct sticks *sticks)
{
    glob_t found;

    if (sticks->product == NULL)
        return;
    sticks->begun = true;
    if (glob("/sys/class/block/*", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            sticks_add(sticks, strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
}
