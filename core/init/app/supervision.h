/* Looks after an app that does not end but does not answer either: it is asked for its health, and
 * started anew when it stays silent. A handler that takes long, a data base that is migrated
 * before the app listens, and an update that is being written have the time that they need. */
#ifndef FAPWS4_INIT_SUPERVISION_H
#define FAPWS4_INIT_SUPERVISION_H

#include "app.h"
#include "health.h"

struct supervision {
    struct app *app;
    struct health health;
    struct timer next;
    const char *health_path; /* the app's HEALTH, "" = it has none */
    bool on_trial;       /* asked often, and never started anew: the trial decides */
    bool held;           /* an update is being written: nothing is started anew */
    int status;          /* of the last answer since the app was started, 0 = none */
    int64_t silent_since_ms; /* 0: it has answered, or has not been asked */
    /* The address at which the app is to be asked. */
    void (*host)(void *owner, char host[64]);
    void *owner;
};

/* Without a HEALTH an app on trial is asked for "/", and else the server alone: whether it turns,
 * which no visitor of the app ever notices. */
void supervision_open(struct supervision *supervision, struct loop *loop, struct app *app,
                      const char *health, bool on_trial, void (*host)(void *, char[64]), void *owner);

/* The slot is confirmed: from here on the app is looked after as ever. */
void supervision_end_trial(struct supervision *supervision);

/* To be told that the app has come to listen, or has ended. */
void supervision_app_changed(struct supervision *supervision);

#endif
