#include "network_change.h"

#include <stdio.h>
#include <string.h>

#include "../log/console.h"
#include "../file.h"

static const char no_trial[] = "there are no new settings of the network on trial";
static const char not_yet[] = "the new settings are not in force yet; keep them in a moment";

/* What still stands there is what the device comes back with: nothing is applied before it is on the
 * disk. */
static const char *keep(struct network_change *change, const struct network_settings *settings)
{
    static char fault[NETWORK_FAULT];
    char text[NETWORK_TEXT];
    int error = file_keep(change->path,
                          (struct span){text, network_settings_entries(settings, text)});

    if (error) {
        snprintf(fault, sizeof fault, "the settings cannot be kept: %s", strerror(error));
        return fault;
    }
    change->kept = *settings;
    return NULL;
}

static void apply(struct network_change *change, const struct network_settings *settings)
{
    change->current = *settings;
    loop_set(change->loop, &change->soon, POLICY_ORDER_WAITS);
}

static void soon_fired(void *owner)
{
    struct network_change *change = owner;
    char text[NETWORK_TEXT];

    network_settings_write(&change->current, text);
    say("network: %s", text);
    change->apply(change->owner, &change->current);
}

static void end_trial(struct network_change *change)
{
    loop_unset(change->loop, &change->timer);
    change->ends_ms = 0;
}

static void go_back(struct network_change *change)
{
    end_trial(change);
    say("network: the old settings are back");
    apply(change, &change->kept);
}

int network_change_left(const struct network_change *change)
{
    int64_t left = change->ends_ms - loop_now();

    return change->ends_ms == 0 ? 0 : left < 1000 ? 1 : (int)(left / 1000);
}

static void count_down(struct network_change *change)
{
    int64_t left = change->ends_ms - loop_now();

    say("network: the old settings come back in %d s, unless the new ones are kept",
        (int)((left + 500) / 1000));
    loop_set(change->loop, &change->timer, left < POLICY_NETWORK_SHOW ? left : POLICY_NETWORK_SHOW);
}

static void timer_fired(void *owner)
{
    struct network_change *change = owner;

    if (loop_now() < change->ends_ms)
        count_down(change);
    else
        go_back(change);
}

void network_change_open(struct network_change *change, struct loop *loop, const char *path,
                         const struct network_settings *kept,
                         void (*apply_to)(void *, const struct network_settings *), void *owner)
{
    *change = (struct network_change){.loop = loop,
                                      .path = path,
                                      .kept = *kept,
                                      .current = *kept,
                                      .apply = apply_to,
                                      .owner = owner};
    change->timer = (struct timer){.fired = timer_fired, .owner = change};
    change->soon = (struct timer){.fired = soon_fired, .owner = change};
}

const char *network_change_try(struct network_change *change, struct span order)
{
    struct network_settings settings;
    const char *fault = network_settings_read(&settings, order);

    if (fault)
        return fault;
    apply(change, &settings);
    change->ends_ms = loop_now() + POLICY_NETWORK_TRIAL;
    count_down(change);
    return NULL;
}

const char *network_change_now(struct network_change *change, struct span order)
{
    struct network_settings settings;
    const char *fault = network_settings_read(&settings, order);

    if (!fault)
        fault = keep(change, &settings);
    if (fault)
        return fault;
    end_trial(change);
    apply(change, &settings);
    return NULL;
}

const char *network_change_keep(struct network_change *change)
{
    const char *fault;

    if (change->ends_ms == 0)
        return no_trial;
    fault = change->soon.due_ms ? not_yet : keep(change, &change->current);
    if (fault)
        return fault;
    end_trial(change);
    say("network: the new settings are kept");
    return NULL;
}

const char *network_change_revert(struct network_change *change)
{
    if (change->ends_ms == 0)
        return no_trial;
    go_back(change);
    return NULL;
}
