/* Of the files in a folder that are called something.update, the one to install. */
#ifndef FAPWS4_UPDATE_CHOICE_H
#define FAPWS4_UPDATE_CHOICE_H

#include "head.h"

enum { CHOICE_NAME = 256 };

struct choice {
    int file; /* the bundle, open for reading; -1: there is none */
    char name[CHOICE_NAME];
    uint64_t counter;
    char version[64];
    enum refusal refusal; /* without a bundle: why that of this name is none; ACCEPTED: no such file */
};

/* The bundle for this device with the highest counter; of several with the same, the first by
 * name. Only the heads of regular files are read, and never what a link leads to. `bundle` is
 * room to work in. */
void choice_make(int folder, const struct identity *identity, struct bundle *bundle,
                 struct choice *choice);

#endif
