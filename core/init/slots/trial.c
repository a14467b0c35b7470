#include "trial.h"

#include <string.h>

#include "../policy.h"

void trial_begin(struct trial *trial, const struct trial_note *note, int64_t lasts_ms,
                 int64_t now_ms)
{
    memset(trial, 0, sizeof *trial);
    trial->noted = note != NULL;
    if (note)
        trial->note = *note;
    trial->left_ms = lasts_ms;
    trial->now_ms = now_ms;
}

static bool needs_address(const struct trial *trial)
{
    return trial->noted ? trial->note.address : trial->carrier_seen;
}

/* Without the app. */
static const char *device_lacks(const struct trial *trial, const struct trial_facts *facts)
{
    if (!facts->state)
        return "the disk with the slot state was not found";
    if (trial->noted && trial->note.disk && !facts->disk)
        return "/data cannot be mounted any more";
    if (needs_address(trial) && !facts->interface)
        return "there is no network interface, and before there was an address";
    if (needs_address(trial) && !facts->carrier)
        return "the cable is out";
    if (needs_address(trial) && !facts->address)
        return "there is no network address, and before there was one";
    return NULL;
}

static bool is_hopeless(const struct trial *trial, const struct trial_facts *facts)
{
    return facts->failures - trial->failures >= POLICY_FAILURES ||
           facts->starts - trial->starts >= POLICY_FAILED_STARTS;
}

const char *trial_lacks(const struct trial *trial, const struct trial_facts *facts)
{
    const char *lacks = device_lacks(trial, facts);

    if (lacks)
        return lacks;
    if (is_hopeless(trial, facts))
        return "the app ended again and again";
    if (!facts->listening)
        return "the app does not listen";
    if (facts->status == 0)
        return "the app listens and does not answer";
    return facts->status >= 500 ? "the app answers with an error of the server" : NULL;
}

enum trial_verdict trial_judge(struct trial *trial, const struct trial_facts *facts, int64_t now_ms)
{
    bool paused;

    trial->carrier_seen = trial->carrier_seen || facts->carrier;
    paused = needs_address(trial) && facts->interface && !facts->carrier;
    if (!paused)
        trial->left_ms -= now_ms - trial->now_ms;
    trial->now_ms = now_ms;
    if (device_lacks(trial, facts)) {
        trial->failures = facts->failures;
        trial->starts = facts->starts;
    }
    if (!trial_lacks(trial, facts))
        return TRIAL_GOOD;
    if (is_hopeless(trial, facts) || trial->left_ms <= 0)
        return TRIAL_FAILED;
    return paused ? TRIAL_PAUSED : TRIAL_RUNS;
}
