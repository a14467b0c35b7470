/* One update over one socket, from behind the greeting to the answer. Lines end with '\n'.
 *
 *     client: the head of a bundle: magic, manifest, signatures (bundle.h)
 *     server: want NAME NAME...       the parts that it lacks; all of them unless SESSION_PARTS
 *     client: these parts, in order
 *     server: progress DONE TOTAL     bytes of them; now and then, at most SESSION_STEPS times
 *     server: installed VERSION COUNTER       or, after SESSION_VERIFY, verified VERSION COUNTER
 *
 * or, at any time, `refused TEXT`. Nothing on the disk is touched before the first byte of a part
 * has come, and at least one part is always wanted: who only asks what is missing closes then. */
#ifndef FAPWS4_UPDATE_SESSION_H
#define FAPWS4_UPDATE_SESSION_H

#include "bundle.h"
#include "greeting.h"
#include "install.h"

enum { SESSION_STEPS = 64, SESSION_WHY = 256 };

/* The device, as a session sees it. */
struct session_host {
    const struct identity *identity;
    enum refusal unable;    /* ACCEPTED, or why identity_read could not read it */
    struct place from, to;  /* the slot that runs, and the other one */
    int patience_ms;        /* how long the client may say nothing */
    /* Whether an update may be installed now; to be asked before anything is. False: why[] says
     * why not, in a sentence without a full stop. */
    bool (*may_begin)(void *owner, char why[SESSION_WHY]);
    /* So many bytes of the parts are here. */
    void (*progress)(void *owner, uint64_t done, uint64_t total);
    /* The new version is in its slot: it is to be tried at the next start. False, with why[], when
     * that cannot be. */
    bool (*installed)(void *owner, const struct manifest *manifest, char why[SESSION_WHY]);
    void *owner;
};

enum session_end {
    SESSION_INSTALLED,
    SESSION_VERIFIED,
    SESSION_REFUSED, /* session->why says why */
    SESSION_LEFT,    /* the client closed before it sent a part */
};

/* Large: not for a stack. */
struct session {
    char why[SESSION_WHY];

    /* What follows is session.c's own. */
    const struct session_host *host;
    int fd;
    enum session_mode mode;
    bool writing; /* the other slot is being written */
    uint64_t done, total, shown;
    struct bundle bundle;
    struct install install;
    char input[INSTALL_BLOCK];
};

/* Runs until its end; the descriptor stays the caller's. `early` is what came with the greeting,
 * behind it. */
enum session_end session_run(struct session *session, const struct session_host *host, int fd,
                             enum session_mode mode, struct span early);

/* Writes the line `refused WHY`, then reads on until the client closes, for a few seconds at most:
 * a client in the midst of sending then sees the answer. */
void session_refuse(int fd, const char *why, int patience_ms);

#endif
