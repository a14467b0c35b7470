/* The first line of a session: what is wanted, and by whom. Pure. */
#ifndef FAPWS4_UPDATE_GREETING_H
#define FAPWS4_UPDATE_GREETING_H

#include "../init/span.h"

/* Its longest, '\n' included. */
enum { GREETING_MOST = 160 };

enum session_mode {
    SESSION_PARTS,  /* an update, of which only what the device lacks is sent */
    SESSION_WHOLE,  /* an update, sent as it is */
    SESSION_VERIFY, /* a whole one, which is looked at and not installed */
};

struct greeting {
    enum session_mode mode;
    struct span code; /* the claim code, as it was typed */
};

/* A line `fapws4-update 1 MODE CODE` without its '\n'. False when it is none. */
bool greeting_parse(struct span line, struct greeting *greeting);

#endif
