/* The power button: every input device that has a power key (ACPI's fixed and control-method
 * buttons, those on GPIO pins, keyboards). */
#ifndef FAPWS4_INIT_BUTTONS_H
#define FAPWS4_INIT_BUTTONS_H

#include <sys/types.h>

#include "../loop.h"

struct button {
    int fd;     /* -1: this place is free */
    dev_t node; /* one is announced and found at start: it must not count twice */
};

struct buttons {
    struct loop *loop;
    struct button all[POLICY_BUTTONS];
    void (*pressed)(void *owner);
    void *owner;
};

/* Listens to the buttons there are. */
void buttons_open(struct buttons *buttons, struct loop *loop, void (*pressed)(void *), void *owner);

/* Listens to one more, `node` as in /dev/NODE ("input/event3"), if it is one. */
void buttons_add(struct buttons *buttons, const char *node);

#endif
