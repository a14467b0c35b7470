/* What one run of the device leaves for the next, below /data/.fapws4, readable by root alone:
 *
 *   log          the last lines, written when something was warned of
 *   running      there while the device runs: who finds it there at the start was cut off
 *   reset/last   why the last run that was cut off ended, the kernel's last words, its last lines;
 *   reset/before the same of the one before
 *   claim        the claim code (claim.h)
 *   clock        the time at the end of the run, or of its last day (clock.h)
 *   settings/    the app's settings as they were before a trial (keepsake.h)
 *   trial        the note of what was before an update (note.h)
 *   failed       why the last new version did not pass its trial, and its last lines (failure.h)
 *
 * A device that runs without anything going wrong writes none of these but `running` and, once a day,
 * `clock`. */
#ifndef FAPWS4_INIT_RECORD_H
#define FAPWS4_INIT_RECORD_H

#include "../loop.h"
#include "../slots/note.h"

#define RECORD_FOLDER "/data/.fapws4"

struct record {
    bool kept;         /* /data is on the disk */
    const char *reset; /* why the last run ended, NULL = in an orderly way */
    int64_t log_due_ms;
};

/* Begins, once /data is there; says how the last run ended, if not in an orderly way. `watchdog`:
 * the hardware says that it was the watchdog that ended it. */
void record_open(struct record *record, bool kept, bool watchdog);

/* To be called often: writes the log down when there is a reason and a right to (policy.h). */
void record_turn(struct record *record);

/* Before an orderly power-off or restart. */
void record_close(struct record *record);

/* The note; false when there is none that is whole. */
bool record_note(struct trial_note *note);

/* Writes the note, or takes it away again (NULL). 0 or an errno value. */
int record_set_note(const struct trial_note *note);

#endif
