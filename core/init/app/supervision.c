#include "supervision.h"

#include <string.h>

#include "../log/console.h"

static void fail(struct supervision *supervision, const char *what, int64_t patience_ms)
{
    if (supervision->held || supervision->on_trial)
        return;
    warn("%s %s %d min; it is started anew", supervision->app->name, what,
         (int)(patience_ms / 60000));
    supervision->silent_since_ms = 0;
    app_fail(supervision->app);
}

static void schedule(struct supervision *supervision, bool missed)
{
    int64_t delay = supervision->on_trial ? POLICY_TRIAL_CHECK
                    : missed              ? POLICY_HEALTH_AGAIN
                                          : POLICY_HEALTH_EVERY;

    loop_set(supervision->health.loop, &supervision->next, delay);
}

static void note_silence(struct supervision *supervision)
{
    int64_t now = loop_now();

    if (supervision->silent_since_ms == 0) {
        warn("%s has not answered in %d s", supervision->app->name, POLICY_HEALTH_ANSWER / 1000);
        supervision->silent_since_ms = now;
    } else if (now - supervision->silent_since_ms >= POLICY_HEALTH_PATIENCE) {
        fail(supervision, "has not answered for", POLICY_HEALTH_PATIENCE);
    }
}

static void answered(void *owner, int status)
{
    struct supervision *supervision = owner;

    supervision->status = status;
    if (status == 0) {
        note_silence(supervision);
    } else {
        if (supervision->silent_since_ms)
            say("%s answers again", supervision->app->name);
        supervision->silent_since_ms = 0;
        app_is_well(supervision->app);
    }
    schedule(supervision, status == 0);
}

static const char *path_of(const struct supervision *supervision)
{
    if (supervision->health_path[0])
        return supervision->health_path;
    return supervision->on_trial ? "/" : "*";
}

/* An app that has closed the pipe without a word will never say that it listens; it is left
 * alone. */
static void next_fired(void *owner)
{
    struct supervision *supervision = owner;
    const struct app *app = supervision->app;
    char host[64];

    if (app->pid && app->ready.port) {
        supervision->host(supervision->owner, host);
        health_ask(&supervision->health,
                   &(struct health_place){host, app->ready.port, app->ready.secure},
                   path_of(supervision));
        return;
    }
    if (app->pid && app->ready_fd >= 0 &&
        loop_now() - app->started_ms >= POLICY_LISTEN_PATIENCE)
        fail(supervision, "has not come to listen for", POLICY_LISTEN_PATIENCE);
    schedule(supervision, false);
}

void supervision_open(struct supervision *supervision, struct loop *loop, struct app *app,
                      const char *health, bool on_trial, void (*host)(void *, char[64]), void *owner)
{
    memset(supervision, 0, sizeof *supervision);
    supervision->app = app;
    supervision->health_path = health;
    supervision->on_trial = on_trial;
    supervision->host = host;
    supervision->owner = owner;
    supervision->next = (struct timer){.fired = next_fired, .owner = supervision};
    health_init(&supervision->health, loop, answered, supervision);
    schedule(supervision, false);
}

void supervision_end_trial(struct supervision *supervision)
{
    supervision->on_trial = false;
    schedule(supervision, false);
}

void supervision_app_changed(struct supervision *supervision)
{
    if (!supervision->app)
        return; /* not open yet */
    supervision->status = 0;
    supervision->silent_since_ms = 0;
    health_forget(&supervision->health);
    schedule(supervision, supervision->app->ready.port != 0);
}
