#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console.h"
#include "../duty.h"
#include "../file.h"
#include "last_words.h"

static const char log_path[] = RECORD_FOLDER "/log";
static const char running_path[] = RECORD_FOLDER "/running";
static const char last_path[] = RECORD_FOLDER "/reset/last";
static const char before_path[] = RECORD_FOLDER "/reset/before";
static const char trial_path[] = RECORD_FOLDER "/trial";

enum { WORDS_SIZE = 32768, REASON_SIZE = 64 };

static int keep_reset(const char *reason, struct span words)
{
    static char text[REASON_SIZE + WORDS_SIZE + POLICY_LOG + 1];
    size_t used = (size_t)snprintf(text, REASON_SIZE, "%s\n", reason);

    memcpy(text + used, words.start, words.length);
    used += words.length;
    used += file_read(log_path, text + used, sizeof text - used).length;
    mkdir(RECORD_FOLDER "/reset", 0700);
    if (rename(last_path, before_path) != 0 && errno != ENOENT)
        return errno;
    return file_keep(last_path, (struct span){text, used});
}

/* The kernel's words are the surest witness; without any, nothing tells a power cut from a reset
 * button. */
static void tell_reset(struct record *record, bool watchdog, bool cut_off)
{
    static char buffer[WORDS_SIZE];
    struct span words = last_words_read(buffer, sizeof buffer);
    const char *reason = words.length ? "the kernel has died"
                         : watchdog   ? "the watchdog has reset the machine"
                                      : "power cut or reset";

    if (words.length == 0 && !watchdog && !cut_off)
        return;
    say("the last run did not end in an orderly way: %s", reason);
    record->reset = reason;
    quote(words);
    if (!record->kept || !try_to("keep what it left", keep_reset(reason, words)))
        return;
    say("its last lines are in %s", last_path);
    last_words_forget();
}

void record_open(struct record *record, bool kept, bool watchdog)
{
    bool cut_off = kept && access(running_path, F_OK) == 0;

    *record = (struct record){.kept = kept};
    tell_reset(record, watchdog, cut_off);
    if (kept && !cut_off)
        try_to("note that the device runs", file_keep(running_path, span_of("")));
}

void record_turn(struct record *record)
{
    int64_t now = loop_now();
    int error;

    if (!record->kept || now < record->log_due_ms || !console_warned())
        return;
    record->log_due_ms = now + POLICY_LOG_EVERY;
    error = file_keep(log_path, console_log());
    if (error) /* said, but not warned of: that would come back here */
        say("cannot write %s: %s", log_path, strerror(error));
}

void record_close(struct record *record)
{
    if (record->kept)
        try_to("note the orderly end", file_forget(running_path));
}

bool record_note(struct trial_note *note)
{
    char text[NOTE_SIZE];

    return note_parse(file_read(trial_path, text, sizeof text), note);
}

int record_set_note(const struct trial_note *note)
{
    char text[NOTE_SIZE];

    if (!note)
        return file_forget(trial_path);
    note_format(note, text);
    return file_keep(trial_path, span_of(text));
}
