/* The Enter key of whoever stands in front of the device: on the keyboard, or on a terminal at the
 * serial port. Listened to only while a question is asked. */
#ifndef FAPWS4_INIT_ENTER_H
#define FAPWS4_INIT_ENTER_H

#include "../loop.h"

struct enter {
    struct loop *loop;
    int fds[POLICY_CONSOLES]; /* of the consoles, for reading */
    int count;                /* 0: nothing is asked */
    void (*pressed)(void *owner);
    void *owner;
};

/* Begins to listen, on the kernel's consoles; what was typed before does not count. Then pressed()
 * is called whenever a line with nothing in it is ended. */
void enter_listen(struct enter *enter, struct loop *loop, void (*pressed)(void *), void *owner);

void enter_ignore(struct enter *enter);

#endif
