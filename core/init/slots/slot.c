#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../cmdline.h"
#include "slots.h"

void slot_read(struct slot *slot, struct span cmdline)
{
    char name[8], text[40];

    *slot = (struct slot){0};
    if (cmdline_value(cmdline, "fapws4.slot", name, sizeof name) &&
        (name[0] == 'a' || name[0] == 'b') && name[1] == '\0')
        slot->running = name[0];
    slot->on_trial = slot->running && cmdline_value(cmdline, "fapws4.state", text, sizeof text) &&
                     slot_state_parse_end(text, &slot->state) &&
                     slot->state.good != slot->running && slot->state.trial == slot->running;
}

/* O_DIRECT: one sector is one write, and what is read back comes from the disk. */
static int open_state(const struct slot *slot, int mode)
{
    return open(slot->device, mode | O_DIRECT | O_CLOEXEC);
}

int slot_open(struct slot *slot, const struct disk *disk)
{
    unsigned number = gpt_find_name(&disk->gpt, "state");
    int fd, error;

    if (number == 0)
        return ENOENT;
    disk_partition(disk, number, slot->device);
    fd = open_state(slot, O_RDONLY);
    if (fd < 0)
        return errno;
    error = slots_read(fd, 0, &slot->state);
    slot->known = error == 0;
    close(fd);
    return error;
}

static int write_state(struct slot *slot, struct slot_state state)
{
    int fd, error;

    if (!slot->known)
        return ENODEV;
    fd = open_state(slot, O_RDWR);
    if (fd < 0)
        return errno;
    error = slots_write(fd, 0, &state);
    close(fd);
    if (!error)
        slot->state = state;
    return error;
}

bool slot_is_back(const struct slot *slot)
{
    return slot->known && slot->state.trial && slot->state.good == slot->running;
}

bool slot_is_substitute(const struct slot *slot)
{
    return slot->known && slot->running && !slot->on_trial && slot->state.good != slot->running;
}

int slot_arm(struct slot *slot)
{
    return write_state(slot, slot_state_arm(slot->state, slot->running == 'a' ? 'b' : 'a'));
}

int slot_confirm(struct slot *slot)
{
    struct slot_state state = slot->state;

    if (slot->known && state.good == slot->running && !state.trial)
        return 0;
    state.trial = slot->running;
    return write_state(slot, slot_state_confirm(state));
}

int slot_give_up(struct slot *slot)
{
    return write_state(slot, slot_state_give_up(slot->state));
}
