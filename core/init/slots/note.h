/* The trial note: what the good slot writes down before a new one is tried, so that the new one
 * can be measured by it. Lines `key value`. Pure. */
#ifndef FAPWS4_INIT_NOTE_H
#define FAPWS4_INIT_NOTE_H

#include "../span.h"

enum { NOTE_SIZE = 256 };

struct trial_note {
    char version[64]; /* of the new slot */
    bool disk;        /* /data was on the disk */
    char settings[64]; /* the folder below the app's data to be put back if it fails; "" = none */
    bool address;     /* there was an address: a cable, and a server or a person that gave one */
};

/* False when the note is not whole. */
bool note_parse(struct span text, struct trial_note *note);

void note_format(const struct trial_note *note, char text[NOTE_SIZE]);

#endif
