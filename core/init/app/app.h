/* The app: this same binary, started as an ordinary unprivileged program, kept running. */
#ifndef FAPWS4_INIT_APP_H
#define FAPWS4_INIT_APP_H

#include <sys/types.h>

#include "../backoff.h"
#include "failures.h"
#include "../loop.h"
#include "../log/output.h"
#include "ready.h"

struct app {
    struct loop *loop;
    const char *name; /* argv[0], and the subject of every line about it */
    pid_t pid;        /* 0: not running */
    int64_t started_ms;
    struct output output;
    int ready_fd;
    struct ready ready; /* where it listens, once it has said so */
    struct backoff backoff;
    struct failures failures;
    bool failed;     /* it is being stopped because it does not answer */
    char ended[64];  /* how it has ended the last time, as in "it ended after ..." */
    bool on_trial;   /* as long as this is decided, it is not waited for a minute to start it */
    bool recovering; /* it has failed too often: started once a minute, until it is well again */
    struct timer restart;
    struct timer patience;        /* runs while it is asked to stop */
    bool unwanted;                /* the machine goes down: not to be started again */
    bool secure;                  /* it is served with the device's certificate: not to be started
                                   * before there is one */
    int certificate;              /* that, with its key, to be read by it; -1 = none yet */
    const char *names;            /* that this is for */
    bool stale;                   /* the app may have read an older one, and cannot be told yet */
    char timezone[64];            /* told to it: a POSIX TZ rule, "" = UTC */
    const char *settings;         /* told to it: the folder that is put back ... */
    const char *data_version;     /* ... and in which way this version keeps it (config.h) */
    bool keeps_data;              /* told to it: /data outlives a power-off ... */
    bool rescue;                  /* ... or else, /run/data has what could not be mounted */
    void (*changed)(void *owner); /* it began or ceased to listen, or it ended */
    void *owner;
};

/* Prepares; starts nothing. 0 or an errno value. */
int app_init(struct app *app, struct loop *loop, const char *name, void (*changed)(void *),
             void *owner);

/* Starts it now. A start that fails is a crash: said, and tried again after the back-off. */
void app_start(struct app *app);

/* Hands it the device's certificate, or says that it is another one: `both` is a descriptor as
 * memory_file.h has them, and `names` those that it is for. Starts the app if it has waited for it. */
void app_certify(struct app *app, int both, const char *names);

/* SIGTERM to its process group, SIGKILL after POLICY_APP_STOP. It is started again, unless
 * app->unwanted. */
void app_stop(struct app *app);

/* Stops it because it does not answer; that counts as one of its failures. */
void app_fail(struct app *app);

/* To be told that it answers: who does so a minute after the start has recovered. */
void app_is_well(struct app *app);

/* To be told of every process that has been reaped. True when it was the app. */
bool app_reaped(struct app *app, pid_t pid, int status);

#endif
