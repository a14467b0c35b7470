#include "reset.h"

#include <unistd.h>

#include "../duty.h"
#include "../log/console.h"
#include "../machine.h"
#include "../storage/blank.h"
#include "../storage/reset_order.h"
#include "../updates/reset_file.h"

/* NULL, and then the device of the state partition. */
static const char *objection(const struct machine *machine, char state[DISK_PATH])
{
    if (machine->slot.on_trial)
        return "a new version is on trial; wait for its end";
    if (!storage_state_device(&machine->storage, state) || access(BLANK_PATH, F_OK) != 0)
        return "this device has no data partition";
    return NULL;
}

const char *reset_give(struct machine *machine, uint32_t stick)
{
    char state[DISK_PATH];
    const char *why = objection(machine, state);

    if (why)
        return why;
    if (!try_to("order the reset", reset_order_give(state, stick)))
        return "the order cannot be written; see the log";
    say("a factory reset was ordered");
    return NULL;
}

const char *reset_by_stick(void *owner, uint32_t stick, bool now)
{
    struct machine *machine = owner;
    char state[DISK_PATH];
    const char *why = objection(machine, state);

    if (why)
        return why;
    if (machine->power != POWER_ON)
        return "the device is ending";
    if (reset_order_was_by(state, stick))
        return "this stick has had it already; to have it again, write another second line into "
               RESET_FILE;
    if (!now)
        return NULL;
    why = reset_give(machine, stick);
    if (!why)
        machine_end(machine, POWER_RESTART);
    return why;
}
