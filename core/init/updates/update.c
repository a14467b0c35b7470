#include "update.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../update/text.h"
#include "../log/console.h"
#include "../owner/door.h"
#include "../duty.h"
#include "../storage/keepsake.h"
#include "../machine.h"
#include "update_process.h"

static const char socket_path[] = DOOR_FOLDER "/update";

/* ---- may it begin? ---- */

/* The slot that is to be written must not be the one to fall back to. */
static bool is_confirmed(const struct machine *machine, char *why, size_t size)
{
    if (machine->slot.state.good == machine->slot.running)
        return true;
    if (machine->slot.on_trial)
        snprintf(why, size,
                 "the version that runs is on trial: try again when it is confirmed, %d s are left",
                 (int)(machine->probation.trial.left_ms / 1000));
    else
        snprintf(why, size, "the version that runs is not confirmed yet: its app must answer first");
    return false;
}

static bool reserve_room(const struct machine *machine, char *why, size_t size)
{
    const struct keepsake keepsake = {"/data", machine->config.settings, POLICY_APP_UID};
    int error = keepsake.folder[0] && machine->record.kept ? keepsake_reserve(&keepsake) : 0;

    if (error == EFBIG)
        snprintf(why, size, "the app's settings are too large to be kept: %d MiB is the most",
                 POLICY_SETTINGS >> 20);
    else if (error)
        snprintf(why, size, "/data has no room to keep the app's settings: %s", strerror(error));
    return error == 0;
}

static bool may_begin(const struct machine *machine, char *why, size_t size)
{
    if (machine->power != POWER_ON || machine->update.state == UPDATE_INSTALLED)
        snprintf(why, size, "the device is about to restart: try again in a minute");
    else if (!machine->slot.known)
        snprintf(why, size, "the disk with the slots was not found");
    else
        return is_confirmed(machine, why, size) && reserve_room(machine, why, size);
    return false;
}

/* ---- what the updater says ---- */

static void answer(const struct update *update, const char *why)
{
    char packet[UPDATE_PACKET];

    snprintf(packet, sizeof packet, "%s%s", why[0] ? "no " : "go", why);
    send(update->channel, packet, strlen(packet), MSG_NOSIGNAL);
}

static void begin(struct machine *machine)
{
    struct update *update = &machine->update;
    char why[sizeof update->text] = "";

    if (may_begin(machine, why, sizeof why)) {
        update->state = UPDATE_RUNNING;
        update->done = update->total = 0;
        machine->supervision.held = true;
    }
    answer(update, why);
}

/* What was before, then the slot: a cut in between leaves a note that counts for nothing. */
static int arm(struct machine *machine, const char *version)
{
    struct trial_note note = {.disk = machine->record.kept};
    int error = 0;

    snprintf(note.version, sizeof note.version, "%s", version);
    snprintf(note.settings, sizeof note.settings, "%s", machine->config.settings);
    note.address = network_was_given_address(&machine->network);
    if (machine->record.kept)
        error = record_set_note(&note);
    clock_save(&machine->clock);
    return error ? error : slot_arm(&machine->slot);
}

static void installed(struct machine *machine, struct span words)
{
    struct update *update = &machine->update;
    char why[sizeof update->text] = "", version[64];
    struct span counter, rest = words;
    int error = EPROTO;

    if (update->state == UPDATE_RUNNING && span_next_word(&rest, &counter) &&
        span_next_word(&rest, &words) && span_copy(words, version, sizeof version))
        error = arm(machine, version);
    if (error) {
        snprintf(why, sizeof why, "the new version cannot be armed: %s", strerror(error));
    } else {
        update->state = UPDATE_INSTALLED;
        snprintf(update->text, sizeof update->text, "%s", version);
        say("version %s is installed; it is tried at the next start", version);
    }
    answer(update, why);
}

/* Of a session, also when it ended without a word. */
static void end(struct machine *machine, struct span why)
{
    struct update *update = &machine->update;
    const struct keepsake keepsake = {"/data", machine->config.settings, POLICY_APP_UID};

    machine->supervision.held = false;
    if (update->state == UPDATE_INSTALLED) {
        loop_set(&machine->loop, &update->answered, POLICY_UPDATE_ANSWERED);
    } else if (update->state == UPDATE_RUNNING) {
        update->state = why.length ? UPDATE_REFUSED : UPDATE_IDLE;
        span_copy(why, update->text, sizeof update->text);
        if (machine->record.kept)
            try_to("give back the room for the settings", keepsake_drop(&keepsake));
        if (why.length)
            say("an update was refused: %s", update->text);
    }
}

static void progress(struct update *update, struct span words)
{
    struct span done, total;
    bool first = update->done == 0;

    if (span_next_word(&words, &done) && span_next_word(&words, &total) &&
        text_number(done, INT64_MAX, &update->done) &&
        text_number(total, INT64_MAX, &update->total) && first)
        say("an update is being written");
}

static void channel_ready(void *owner)
{
    struct machine *machine = owner;
    struct update *update = &machine->update;
    char bytes[UPDATE_PACKET];
    ssize_t count = recv(update->channel, bytes, sizeof bytes, MSG_DONTWAIT);
    struct span packet = {bytes, count > 0 ? (size_t)count : 0};

    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        loop_forget(&machine->loop, update->channel); /* it has ended, and is about to be reaped */
        return;
    }
    if (span_equals(packet, "begin"))
        begin(machine);
    else if (span_skip(&packet, "progress "))
        progress(update, packet);
    else if (span_skip(&packet, "installed "))
        installed(machine, packet);
    else if (span_skip(&packet, "end"))
        end(machine, span_skip(&packet, " ") ? packet : span_of(""));
}

/* ---- its process ---- */

static bool find_slots(const struct machine *machine, struct update_order *order)
{
    const struct disk *disk = &machine->storage.disk;
    bool a = machine->slot.running == 'a';
    unsigned running = gpt_find_name(&disk->gpt, a ? "slota" : "slotb");
    unsigned other = gpt_find_name(&disk->gpt, a ? "slotb" : "slota");

    disk_partition(disk, running, order->running);
    disk_partition(disk, other, order->other);
    return machine->slot.running && running && other;
}

static void start_again(struct machine *machine)
{
    struct update *update = &machine->update;

    loop_set(&machine->loop, &update->again,
             backoff_next(&update->backoff, loop_now() - update->started_ms));
}

static void start(void *owner)
{
    struct machine *machine = owner;
    struct update *update = &machine->update;
    struct update_order order = {.listener = update->listener, .claim = &machine->claim};

    update->started_ms = loop_now();
    find_slots(machine, &order);
    update->pid = update_process_start(&order, &update->channel);
    if (update->pid > 0) {
        try_to("hear of updates", loop_watch(&machine->loop, update->channel, POLLIN, channel_ready,
                                             machine));
        return;
    }
    try_to("start the updater", errno);
    update->pid = 0;
    start_again(machine);
}

static void answered_fired(void *owner)
{
    machine_end(owner, POWER_RESTART);
}

void update_begin(struct machine *machine)
{
    struct update *update = &machine->update;

    if (access("/etc/appliance.keys", F_OK) != 0)
        return;
    if (!find_slots(machine, &(struct update_order){0})) {
        say("updates are refused: the disk with the slots was not found");
        return;
    }
    update->again = (struct timer){.fired = start, .owner = machine};
    update->answered = (struct timer){.fired = answered_fired, .owner = machine};
    update->listener = door_open(socket_path, POLICY_RECOVERY_UID);
    if (!try_to("listen for updates", update->listener < 0 ? -update->listener : 0))
        return;
    update->state = UPDATE_IDLE;
    start(machine);
}

bool update_reaped(struct machine *machine, pid_t pid)
{
    struct update *update = &machine->update;

    if (pid != update->pid || pid == 0)
        return false;
    end(machine, span_of("the updater has died"));
    loop_forget(&machine->loop, update->channel);
    close(update->channel);
    update->pid = 0;
    warn("the updater has ended");
    start_again(machine);
    return true;
}
