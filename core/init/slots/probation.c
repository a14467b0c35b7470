#include "probation.h"

#include <stdlib.h>
#include <string.h>

#include "../cmdline.h"
#include "../log/console.h"
#include "../duty.h"
#include "../storage/keepsake.h"
#include "../machine.h"

/* What is written down as long as a trial has no end. */
static const char no_end[] = "it came to no end of it (a panic, a hang or a power cut)";
static const char no_word[] =
    "it left no word (a panic, a hang or a power cut before it had /data)";

int64_t probation_time(struct span cmdline)
{
    char text[8];
    char *end;
    long seconds = 0;

    if (cmdline_value(cmdline, "fapws4.trial", text, sizeof text))
        seconds = strtol(text, &end, 10);
    return seconds > 0 && seconds < POLICY_TRIAL / 1000 ? seconds * 1000 : POLICY_TRIAL;
}

static struct trial_facts facts_of(const struct machine *machine)
{
    struct trial_facts facts = {
        .state = machine->slot.known && !machine->probation.unwritable,
        .disk = machine->storage.state == STORAGE_ON_DISK,
        .listening = machine->app.ready.port != 0,
        .status = machine->supervision.status,
        .failures = machine->app.failures.count,
        .starts = machine->app.failures.starts,
    };

    for (int i = 0; i < POLICY_INTERFACES; i++) {
        const struct interface *interface = &machine->network.interfaces[i];

        if (interface->link.index == 0)
            continue;
        facts.interface = true;
        facts.carrier = facts.carrier || interface->link.carrier;
        facts.address = facts.address || interface->lease.address;
    }
    if (machine->probation.trial.noted)
        facts.address = network_was_given_address(&machine->network);
    return facts;
}

/* What no trial and no update needs any more. */
static void tidy_up(const struct machine *machine, bool noted)
{
    const struct keepsake keepsake = {"/data", "", POLICY_APP_UID};

    if (!machine->record.kept)
        return;
    if (noted)
        try_to("remove the note of the trial", record_set_note(NULL));
    try_to("remove the copy of the app's settings", keepsake_drop(&keepsake));
}

static void pass(struct machine *machine)
{
    int error;

    /* Before: a cut in between makes a version fail that had passed, which can be tried again; the
     * other way round, one that is good would be said to have failed. */
    try_to("remove what the trial wrote down", failure_forget());
    error = slot_confirm(&machine->slot);
    machine->probation.unwritable = error != 0;
    if (!try_to("confirm the new version", error)) {
        loop_set(&machine->loop, &machine->probation.tick, POLICY_TRIAL_CHECK);
        return;
    }
    machine->probation.runs = false;
    tidy_up(machine, true);
    say("version %s is confirmed: slot %c is the good one", machine->config.version,
        machine->slot.running);
    machine->app.on_trial = false;
    supervision_end_trial(&machine->supervision);
    machine_look_for_updates(machine);
}

/* Nothing may be left to do for a version that hangs: how it ends is written down before. */
static void write_down(struct machine *machine, const char *reason)
{
    struct failure failure = {.trial = machine->slot.state.seq, .lines = console_log()};

    failure_describe(machine->config.version, reason, failure.text);
    if (machine->record.kept)
        try_to("write down how the trial goes", failure_keep(&failure));
}

static void fall_back(struct machine *machine, const char *reason)
{
    warn("the trial of version %s has failed: %s; the old version comes back",
         machine->config.version, reason);
    write_down(machine, reason);
    machine_end(machine, POWER_RESTART);
}

static void show(struct machine *machine)
{
    struct probation *probation = &machine->probation;

    if (probation->trial.now_ms < probation->show_ms)
        return;
    probation->show_ms = probation->trial.now_ms + POLICY_TRIAL_SHOW;
    say("trial%s, %d s left: %s", probation->verdict == TRIAL_PAUSED ? " paused" : "",
        (int)(probation->trial.left_ms / 1000), probation->lacks);
    write_down(machine, no_end);
}

static void tick_fired(void *owner)
{
    struct machine *machine = owner;
    struct probation *probation = &machine->probation;
    struct trial_facts facts = facts_of(machine);

    if (machine->power != POWER_ON)
        return;
    probation->verdict = trial_judge(&probation->trial, &facts, loop_now());
    probation->lacks = trial_lacks(&probation->trial, &facts);
    if (probation->verdict == TRIAL_GOOD) {
        pass(machine);
    } else if (probation->verdict == TRIAL_FAILED) {
        fall_back(machine, probation->lacks);
    } else {
        show(machine);
        loop_set(&machine->loop, &probation->tick, POLICY_TRIAL_CHECK);
    }
}

/* The good slot could not be started, and this one runs in its place: it is the good one as soon as
 * its app answers. Otherwise the next update would rely on a slot that is none. */
static void adopt_fired(void *owner)
{
    struct machine *machine = owner;
    int status = machine->supervision.status;

    if (status == 0 || status >= 500)
        loop_set(&machine->loop, &machine->probation.tick, POLICY_HEALTH_AGAIN);
    else if (try_to("make this slot the good one", slot_confirm(&machine->slot)))
        say("slot %c is the good one from now on", machine->slot.running);
}

static void begin_adoption(struct machine *machine)
{
    warn("slot %c, the good one, could not be started", machine->slot.state.good);
    machine->probation.tick = (struct timer){.fired = adopt_fired, .owner = machine};
    loop_set(&machine->loop, &machine->probation.tick, POLICY_HEALTH_AGAIN);
}

static void begin_trial(struct machine *machine, const struct trial_note *note)
{
    struct probation *probation = &machine->probation;

    say("version %s is on trial: it has %d s to prove itself", machine->config.version,
        (int)(probation->lasts_ms / 1000));
    write_down(machine, no_end);
    probation->runs = true;
    machine->app.on_trial = true;
    trial_begin(&probation->trial, note, probation->lasts_ms, loop_now());
    probation->show_ms = loop_now() + POLICY_TRIAL_SHOW;
    probation->tick = (struct timer){.fired = tick_fired, .owner = machine};
    loop_set(&machine->loop, &probation->tick, POLICY_TRIAL_CHECK);
}

/* One folder is kept: the old version's, whose app has to live with it, or this one's if the old one
 * has named none; the note tells that one which it is, should it come back. */
static bool agree_on_settings(const struct machine *machine, struct trial_note *note)
{
    const char *own = machine->config.settings;

    if (own[0] == '\0' || strcmp(note->settings, own) == 0)
        return true;
    if (note->settings[0]) {
        warn("the settings are in %s, and were in %s: only that is put back if this version fails",
             own, note->settings);
        return true;
    }
    memcpy(note->settings, own, sizeof note->settings);
    return try_to("note which settings are kept", record_set_note(note));
}

/* Before the new version's app can change them. */
static void keep_settings(struct machine *machine, struct trial_note *note)
{
    struct keepsake keepsake = {"/data", note->settings, POLICY_APP_UID};

    if (!machine->record.kept)
        return;
    if (!agree_on_settings(machine, note) ||
        (note->settings[0] &&
         !try_to("copy the app's settings before they change", keepsake_take(&keepsake))))
        fall_back(machine, "the app's settings cannot be copied before they change");
}

/* Before the old version's app reads them. False: it is to be tried again at the next start, also
 * when /data could not be mounted at this one. */
static bool put_settings_back(const struct machine *machine, const struct trial_note *note)
{
    const struct keepsake keepsake = {"/data", note->settings, POLICY_APP_UID};
    bool lost = false;

    if (note->settings[0] == '\0')
        return true;
    if (!machine->record.kept)
        return machine->config.data[0] == '\0';
    if (!try_to("put the app's settings back", keepsake_return(&keepsake, note->version, &lost)))
        return false;
    if (lost)
        say("the app's settings are those of before the update; what version %s has made of them "
            "is in /data/lost/settings-%s",
            note->version, note->version);
    return true;
}

/* A version that died before PID 1 had /data, or before PID 1, has left no word, and what is there
 * is another trial's. */
static void tell_failure(struct machine *machine, const struct trial_note *note)
{
    struct failure failure = {.lines = span_of("")};
    uint64_t trial = machine->slot.state.seq;
    bool kept = machine->record.kept;

    if (!kept || !failure_read(&failure) || failure.trial != trial) {
        failure = (struct failure){.trial = trial, .lines = span_of("")};
        failure_describe(note->version, no_word, failure.text);
        if (kept)
            try_to("write down that the new version has failed", failure_keep(&failure));
    }
    warn("%s", failure.text);
    quote(failure.lines);
}

/* For whoever asks later, until the next trial begins. */
static void remember_failure(struct machine *machine)
{
    struct failure failure;

    if (machine->record.kept && failure_read(&failure))
        memcpy(machine->probation.failed, failure.text, FAILURE_TEXT);
}

/* Without a note the settings are those that this version declares, which seldom change. */
static bool read_note(const struct machine *machine, struct trial_note *note)
{
    if (machine->record.kept && record_note(note))
        return true;
    *note = (struct trial_note){.version = "unknown"};
    memcpy(note->settings, machine->config.settings, sizeof note->settings);
    return false;
}

void probation_begin(struct machine *machine)
{
    struct trial_note note;
    bool noted = read_note(machine, &note);
    bool over = !machine->slot.on_trial;

    if (machine->slot.on_trial) {
        begin_trial(machine, noted ? &note : NULL);
        keep_settings(machine, &note);
    } else if (slot_is_back(&machine->slot)) {
        tell_failure(machine, &note);
        over = put_settings_back(machine, &note);
        if (over)
            try_to("give the new version up", slot_give_up(&machine->slot));
    } else if (slot_is_substitute(&machine->slot)) {
        begin_adoption(machine);
    }
    if (!machine->slot.on_trial)
        remember_failure(machine);
    lost_newest("/data", machine->probation.lost);
    /* They may also be left over from a cut right after the end of a trial. */
    if (over)
        tidy_up(machine, noted);
}
