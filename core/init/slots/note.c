#include "note.h"

#include <stdio.h>
#include <string.h>

static bool parse_truth(struct span value, bool *truth)
{
    *truth = span_equals(value, "yes");
    return *truth || span_equals(value, "no");
}

/* Its last line says that it is whole: without a checksum, because the file is put in place in one
 * step. */
bool note_parse(struct span text, struct trial_note *note)
{
    struct span line;
    bool disk = false, address = false, ended = false;

    memset(note, 0, sizeof *note);
    while (span_next_line(&text, &line)) {
        if (span_skip(&line, "version "))
            span_copy(line, note->version, sizeof note->version);
        else if (span_skip(&line, "settings "))
            span_copy(line, note->settings, sizeof note->settings);
        else if (span_skip(&line, "disk "))
            disk = parse_truth(line, &note->disk);
        else if (span_skip(&line, "address "))
            address = parse_truth(line, &note->address);
        else
            ended = span_equals(line, "end");
    }
    return disk && address && ended;
}

void note_format(const struct trial_note *note, char text[NOTE_SIZE])
{
    bool has_settings = note->settings[0] != '\0';

    snprintf(text, NOTE_SIZE, "version %s\ndisk %s\naddress %s\n%s%s%send\n", note->version,
             note->disk ? "yes" : "no", note->address ? "yes" : "no",
             has_settings ? "settings " : "", note->settings, has_settings ? "\n" : "");
}
