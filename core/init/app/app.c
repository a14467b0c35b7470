#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../owner/certificate.h"
#include "../child.h"
#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "sandbox.h"

/* What it finds open when it starts. */
enum { READY_FD = 3, CERTIFICATE_FD = 4 };

/* The program, what it is told of the machine, its own /dev, whose nodes may come and go, and what
 * is its own. Not here and so out of reach: /data/.fapws4, the disks, the modules of the kernel.
 * Processes of others are hidden by /proc itself (mounts.c). */
static const struct landlock_place places[] = {
    {"/init", LANDLOCK_RUN},
    {"/etc", LANDLOCK_READ},
    {"/run/hosts", LANDLOCK_READ},
    {"/run/resolv.conf", LANDLOCK_READ},
    {"/run/data/app", LANDLOCK_READ},
    {"/run/fapws4/device", LANDLOCK_CHANGE}, /* the manager's door */
    {"/sys", LANDLOCK_READ},
    {"/proc", LANDLOCK_CHANGE},
    {"/dev", LANDLOCK_CHANGE},
    {"/dev/shm", LANDLOCK_POSSESS},
    {"/tmp", LANDLOCK_POSSESS},
    {"/data/app", LANDLOCK_POSSESS},
    {"/data/lost", LANDLOCK_POSSESS},
};

static void close_ready(struct app *app)
{
    loop_forget(app->loop, app->ready_fd);
    if (app->ready_fd >= 0)
        close(app->ready_fd);
    app->ready_fd = -1;
}

static void ready_ready(void *owner)
{
    struct app *app = owner;
    char bytes[128];
    ssize_t count = read(app->ready_fd, bytes, sizeof bytes);
    bool listening = count > 0 && ready_feed(&app->ready, (struct span){bytes, (size_t)count});

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (listening || count <= 0)
        close_ready(app);
    if (!listening)
        return;
    if (app->stale)
        kill(app->pid, SIGHUP);
    app->stale = false;
    app->changed(app->owner);
}

static void restart_fired(void *owner)
{
    app_start(owner);
}

static void patience_fired(void *owner)
{
    struct app *app = owner;

    say("%s has not stopped in %d s; it is ended by force", app->name, POLICY_APP_STOP / 1000);
    kill(-app->pid, SIGKILL);
}

int app_init(struct app *app, struct loop *loop, const char *name, void (*changed)(void *),
             void *owner)
{
    memset(app, 0, sizeof *app);
    app->loop = loop;
    app->name = name;
    app->ready_fd = -1;
    app->certificate = -1;
    app->restart = (struct timer){.fired = restart_fired, .owner = app};
    app->patience = (struct timer){.fired = patience_fired, .owner = app};
    app->changed = changed;
    app->owner = owner;
    return output_open(&app->output, loop, LOG_APP);
}

/* At every IPv6 and IPv4 address, unless the kernel was built without the former. */
static char *default_server(bool secure)
{
    if (access("/proc/net/if_inet6", F_OK) == 0)
        return secure ? "FAPWS_DEFAULT_SERVER=[::]:443" : "FAPWS_DEFAULT_SERVER=[::]:80";
    return secure ? "FAPWS_DEFAULT_SERVER=0.0.0.0:443" : "FAPWS_DEFAULT_SERVER=0.0.0.0:80";
}

/* For all that it starts, too; it cannot take this back (CAP_SYS_RESOURCE). */
static void go_first_when_memory_is_out(void)
{
    char number[8];
    int error;

    snprintf(number, sizeof number, "%d", POLICY_APP_FIRST_OUT);
    error = file_write("/proc/self/oom_score_adj", number);
    if (error)
        dprintf(2, "fapws4: cannot set who goes first when memory is out: %s\n", strerror(error));
}

static void run(struct app *app, int ready_end)
{
    int fds[] = {-1, app->output.ends[1], app->output.ends[1], ready_end, app->certificate};
    struct rlimit files = {POLICY_APP_FILES, POLICY_APP_FILES};
    char *argv[] = {(char *)app->name, NULL};
    char timezone[sizeof "TZ=" + sizeof app->timezone];
    char names[sizeof "FAPWS_NAMES=" + CERTIFICATE_NAMES] = "FAPWS_NAMES=";
    char settings[96], data_version[32];
    char *environment[] = {"PATH=/",
                           "HOME=/data/app",
                           "TMPDIR=/tmp",
                           "LANG=C.UTF-8",
                           default_server(app->secure),
                           "FAPWS_READY_FD=3",
                           timezone,
                           names,
                           settings,
                           data_version,
                           app->keeps_data ? "FAPWS_DATA=disk" : "FAPWS_DATA=memory",
                           app->secure   ? "FAPWS_TLS_FD=4"
                           : app->rescue ? "FAPWS_RESCUE=/run/data/app"
                                         : NULL,
                           app->secure && app->rescue ? "FAPWS_RESCUE=/run/data/app" : NULL,
                           NULL};

    snprintf(timezone, sizeof timezone, "TZ=%s", app->timezone[0] ? app->timezone : "UTC0");
    snprintf(settings, sizeof settings, "FAPWS_SETTINGS=%s", app->settings);
    snprintf(data_version, sizeof data_version, "FAPWS_DATA_VERSION=%s", app->data_version);
    if (app->names)
        snprintf(names, sizeof names, "FAPWS_NAMES=%s", app->names);
    child_keep(fds, (app->secure ? CERTIFICATE_FD : READY_FD) + 1);
    setrlimit(RLIMIT_NOFILE, &files);
    go_first_when_memory_is_out();
    errno = sandbox_enter(POLICY_APP_UID, places, sizeof places / sizeof places[0]);
    if (errno) {
        dprintf(2, "fapws4: cannot confine %s: %s\n", app->name, strerror(errno));
    } else {
        /* storage.c has said why when its folder is not there; an app that answers is worth
         * more. */
        if (chdir("/data/app") != 0 && chdir("/tmp") == 0)
            environment[1] = "HOME=/tmp";
        execve("/init", argv, environment);
        dprintf(2, "fapws4: cannot run %s: %s\n", app->name, strerror(errno));
    }
    _exit(127);
}

static void schedule_restart(struct app *app, int64_t ran_ms, const char *how, int number)
{
    int64_t delay = backoff_next(&app->backoff, ran_ms);

    snprintf(app->ended, sizeof app->ended, "ended after %d s (%s %d)", (int)(ran_ms / 1000), how,
             number);
    if (failures_add(&app->failures, loop_now(), app->ready.port != 0) && !app->recovering &&
        !app->on_trial) {
        app->recovering = true;
        warn("recovery: %s has failed %u times; from now on it is started once a minute", app->name,
             app->failures.count);
    }
    if (app->recovering)
        delay = POLICY_RESTART_LONGEST;
    warn("%s %s; it starts again in %d s", app->name, app->ended, (int)(delay / 1000));
    loop_set(app->loop, &app->restart, delay);
}

void app_start(struct app *app)
{
    int ready[2];

    loop_unset(app->loop, &app->restart);
    if (app->pid || app->unwanted || (app->secure && app->certificate < 0))
        return;
    memset(&app->ready, 0, sizeof app->ready);
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
        schedule_restart(app, 0, "no pipe, error", errno);
        return;
    }
    app->stale = false;
    app->started_ms = loop_now();
    app->pid = child_fork();
    if (app->pid == 0)
        run(app, ready[1]);
    close(ready[1]);
    app->ready_fd = ready[0];
    if (app->pid > 0) {
        try_to("hear when the app listens",
               loop_watch(app->loop, ready[0], POLLIN, ready_ready, app));
        return;
    }
    app->pid = 0;
    close_ready(app);
    schedule_restart(app, 0, "no process, error", errno);
}

void app_certify(struct app *app, int both, const char *names)
{
    bool waited = app->certificate < 0;

    app->certificate = both;
    app->names = names;
    if (!app->secure)
        return;
    if (waited)
        app_start(app);
    else if (app->ready.port)
        kill(app->pid, SIGHUP);
    else
        app->stale = true; /* it would be ended by a signal that it does not hear yet */
}

void app_stop(struct app *app)
{
    if (app->pid == 0)
        return;
    if (kill(-app->pid, SIGTERM) != 0) /* so young that it has no process group yet */
        kill(app->pid, SIGTERM);
    loop_set(app->loop, &app->patience, POLICY_APP_STOP);
}

void app_fail(struct app *app)
{
    app->failed = app->pid != 0;
    app_stop(app);
}

void app_is_well(struct app *app)
{
    if (!app->recovering || loop_now() - app->started_ms < POLICY_RAN_WELL)
        return;
    app->recovering = false;
    say("%s works again", app->name);
}

bool app_reaped(struct app *app, pid_t pid, int status)
{
    bool asked = app->patience.due_ms != 0;
    bool killed = WIFSIGNALED(status);

    if (pid != app->pid || pid == 0)
        return false;
    child_end_all(POLICY_APP_UID); /* what it has left behind would hold its port */
    loop_unset(app->loop, &app->patience);
    /* What it said last belongs before the line that says it has ended. */
    output_end(&app->output);
    close_ready(app);
    app->pid = 0;
    if (app->unwanted)
        say("%s has stopped", app->name);
    else if (asked && !app->failed)
        loop_set(app->loop, &app->restart, 0);
    else
        schedule_restart(app, loop_now() - app->started_ms, killed ? "signal" : "exit code",
                         killed ? WTERMSIG(status) : WEXITSTATUS(status));
    app->failed = false;
    memset(&app->ready, 0, sizeof app->ready);
    app->changed(app->owner);
    return true;
}
