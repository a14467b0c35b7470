#include "stick_reset.h"

#include <stdio.h>
#include <string.h>

#include "../log/console.h"

static void refuse(const char *node, const char *why)
{
    say("USB stick %s: no factory reset: %s", node, why);
}

static void tick_fired(void *owner)
{
    struct stick_reset *reset = owner;
    const char *why;

    reset->left_ms -= POLICY_STICK_RESET_SHOW;
    if (reset->left_ms > 0) {
        say("USB stick %s: FACTORY RESET of %s in %d s; pull the stick out to stop it", reset->node,
            reset->product, (int)(reset->left_ms / 1000));
        loop_set(reset->loop, &reset->tick, POLICY_STICK_RESET_SHOW);
        return;
    }
    reset->left_ms = 0;
    why = reset->order(reset->owner, reset->stick, true);
    if (why)
        refuse(reset->node, why);
}

void stick_reset_open(struct stick_reset *reset, struct loop *loop, const char *product,
                      stick_reset_orders *order, void *owner)
{
    *reset = (struct stick_reset){.loop = loop, .product = product, .order = order, .owner = owner};
    reset->tick = (struct timer){.fired = tick_fired, .owner = reset};
}

void stick_reset_begin(struct stick_reset *reset, const char *node, uint32_t stick)
{
    const char *why;

    if (reset->left_ms > 0)
        return;
    why = reset->order(reset->owner, stick, false);
    if (why) {
        refuse(node, why);
        return;
    }
    snprintf(reset->node, sizeof reset->node, "%s", node);
    reset->stick = stick;
    reset->left_ms = POLICY_STICK_RESET;
    say("USB stick %s: FACTORY RESET of %s in %d s: all its data, users and settings will be erased; "
        "pull the stick out to stop it",
        node, reset->product, POLICY_STICK_RESET / 1000);
    loop_set(reset->loop, &reset->tick, POLICY_STICK_RESET_SHOW);
}

void stick_reset_stop(struct stick_reset *reset, const char *node)
{
    if (reset->left_ms == 0 || strcmp(reset->node, node) != 0)
        return;
    loop_unset(reset->loop, &reset->tick);
    reset->left_ms = 0;
    say("USB stick %s is gone: no factory reset, nothing is changed", node);
}
