/* What a person who stands in front of the device needs to reach it: where the app and the device's own
 * pages answer, the fingerprint of their certificate, and the claim code as long as nobody has
 * claimed it. One block of lines, shown anew when something in it has become another, and things that
 * change together are shown together. */
#ifndef FAPWS4_INIT_WELCOME_H
#define FAPWS4_INIT_WELCOME_H

#include "../loop.h"

enum { WELCOME_SIZE = 2048 };

struct machine;

struct welcome {
    struct timer settle; /* runs from a change until it is shown */
    int64_t shown_ms;    /* when the app's lines were; 0 = never */
    char device[WELCOME_SIZE], app[WELCOME_SIZE]; /* the lines that were shown last */
};

void welcome_init(struct machine *machine);

/* Something may have become another: an address, the name, the app, its pages, the certificate. */
void welcome_changed(struct machine *machine);

#endif
