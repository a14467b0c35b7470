#include "supervisor.h"

#include "announce.h"
#include "children.h"
#include "limits.h"
#include "listening.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* A worker stops by itself when its own deadline has passed; this much later it is ended by force. */
enum { FORCE_MS = (LIMIT_STOP_SECONDS + 2) * 1000 };

struct supervisor {
    const struct handover *handover;
    struct children children;
    unsigned latest;  /* the generation that was started last */
    unsigned serving; /* the one that serves; 0 before the first. Differs from `latest` only while
                       * that one is coming */
    bool hasty, again, stopping;
    bool replacing;   /* the last ones before may still take new clients */
    unsigned failures; /* workers that ended early, one after the other */
    int64_t due;       /* milliseconds: when lost workers are replaced */
    int ready;
    int exit_code;
    int channel;       /* in a worker: its end */
};

/* ---- signals: each arrives as a byte ---- */

static const int heard[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1};
static int signal_pipe[2];

enum { TERMINAL_GONE = 127 }; /* the number of no signal */

static void on_signal(int number, siginfo_t *info, void *context)
{
    int kept = errno;
    char byte = terminal_is_gone(number, info) ? TERMINAL_GONE : (char)number;

    (void)context;
    if (write(signal_pipe[1], &byte, 1) < 0)
        errno = EAGAIN; /* full: what is in it wakes the supervisor as well */
    errno = kept;
}

static void hear_signals(void)
{
    struct sigaction action;

    terminal_prepare();
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    for (size_t i = 0; i < sizeof(heard) / sizeof(*heard); i++)
        sigaction(heard[i], &action, NULL);
}

static bool open_signals(void)
{
    if (pipe(signal_pipe) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    }
    hear_signals();
    return true;
}

/* ---- starting workers ---- */

/* In the new worker: nothing of the supervisor is left. On Linux its death is a signal too, so that
 * a worker does not outlive it while the app is being imported. */
static void become_worker(struct supervisor *s)
{
    for (size_t i = 0; i < sizeof(heard) / sizeof(*heard); i++)
        signal(heard[i], SIG_DFL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    if (s->ready >= 0)
        close(s->ready);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
}

/* False when no process can be had. In the new worker s->channel is set. */
static bool start_worker(struct supervisor *s, unsigned generation)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before); /* a signal for a worker must not meet our handler */
    pid = children_fork(&s->children, generation, &s->channel);
    if (pid == 0)
        become_worker(s);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        fprintf(stderr, "fapws4: cannot start a worker: %s\n", strerror(errno));
    return pid >= 0;
}

static int missing(const struct supervisor *s, unsigned generation, int wanted)
{
    return wanted - children_count(&s->children, generation, STARTING) -
           children_count(&s->children, generation, SERVING);
}

static bool start_workers(struct supervisor *s, unsigned generation, int wanted)
{
    bool started = true;

    while (started && s->channel < 0 && missing(s, generation, wanted) > 0)
        started = start_worker(s, generation);
    return started;
}

/* ---- from one generation to the next ---- */

static void stop(struct supervisor *s)
{
    s->stopping = true;
    for (struct child *child = s->children.first; child != NULL; child = child->next)
        child_leave(child, false);
}

static void leave_all_but(struct supervisor *s, unsigned generation, bool patient)
{
    for (struct child *child = s->children.first; child != NULL; child = child->next) {
        if (child->generation != generation && child->stage != LEAVING)
            child_leave(child, patient);
    }
}

/* The coming generation cannot serve: without an older one that is the end. */
static void give_up(struct supervisor *s, const char *why, int exit_code)
{
    if (s->serving == 0) {
        s->exit_code = exit_code;
        stop(s);
        return;
    }
    fprintf(stderr, "fapws4: not reloaded: %s; the workers of before go on\n", why);
    leave_all_but(s, s->serving, false);
    s->latest = s->serving;
}

/* All of the coming generation serve. */
static void take_over(struct supervisor *s)
{
    bool first = s->serving == 0;

    s->serving = s->latest;
    s->failures = 0;
    s->due = 0;
    if (first) {
        announce_address(&s->handover->address, s->handover->workers);
        announce_ready(s->ready, &s->handover->address);
        s->ready = -1;
    } else {
        leave_all_but(s, s->serving, !s->hasty);
        s->replacing = true;
    }
}

/* The first of a generation comes alone: what is wrong with the app is then said once. */
static void bring_up(struct supervisor *s)
{
    int workers = s->handover->workers;
    int serving = children_count(&s->children, s->latest, SERVING);

    if (!start_workers(s, s->latest, serving == 0 ? 1 : workers))
        give_up(s, "no process can be had", 1);
    else if (serving == workers)
        take_over(s);
}

/* Only now is everybody served by the new ones who asks for something. */
static void tell_reloaded(struct supervisor *s)
{
    fprintf(stderr, "fapws4: reloaded: the app is served anew\n");
    s->replacing = false;
}

/* Brings what is nearer to what should be. */
static void settle(struct supervisor *s)
{
    if (s->stopping)
        return;
    if (s->replacing && !children_linger(&s->children))
        tell_reloaded(s);
    if (s->again && s->latest == s->serving) {
        s->again = false;
        s->latest++;
    }
    if (s->latest != s->serving)
        bring_up(s);
    else if (children_now() >= s->due && !start_workers(s, s->serving, s->handover->workers))
        s->due = children_now() + 1000;
}

/* ---- the end of a worker ---- */

/* At once when it had served well, or is the first to end early; then after 1, 2, 4 ... seconds. */
static int next_wait(struct supervisor *s, int64_t lived)
{
    int wait = 0;

    if (lived >= LIMIT_WELL_SECONDS * 1000)
        s->failures = 0;
    else if (s->failures > 0)
        wait = s->failures < 6 ? 1 << (s->failures - 1) : LIMIT_BACKOFF_SECONDS;
    s->failures++;
    return wait;
}

static void lose(struct supervisor *s, const struct child *child, const char *how)
{
    int wait = next_wait(s, child->stage == SERVING ? children_now() - child->since : 0);
    char when[32] = "";

    if (wait > 0)
        snprintf(when, sizeof(when), " in %d s", wait);
    s->due = children_now() + wait * 1000;
    fprintf(stderr, "fapws4: worker %d ended (%s); another one is started%s\n", (int)child->pid,
            how, when);
}

static void bury(struct supervisor *s, struct child *child, int status)
{
    bool killed = WIFSIGNALED(status);
    int code = killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    bool unasked = child->stage != LEAVING;
    bool coming = child->generation == s->latest && s->latest != s->serving;
    char how[64];

    if (killed)
        snprintf(how, sizeof(how), "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof(how), "exit code %d", code);
    if (unasked && !coming)
        lose(s, child, how);
    children_remove(&s->children, child);
    if (unasked && coming)
        give_up(s, how, code);
}

/* Other children than workers are what the app left behind before it became this supervisor. */
static void reap(struct supervisor *s)
{
    struct child *child;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if ((child = children_find(&s->children, pid)) != NULL)
            bury(s, child, status);
    }
}

static void end_overdue(struct supervisor *s)
{
    for (struct child *child = s->children.first; child != NULL; child = child->next) {
        if (child->stage != LEAVING || children_now() - child->since < FORCE_MS)
            continue;
        fprintf(stderr, "fapws4: worker %d has not stopped; it is ended by force\n",
                (int)child->pid);
        kill(child->pid, SIGKILL);
        child->since = children_now();
    }
}

/* ---- the loop ---- */

static void end_at_once(struct supervisor *s, int number)
{
    for (struct child *child = s->children.first; child != NULL; child = child->next)
        kill(child->pid, SIGKILL);
    listening_remove(&s->handover->address);
    _exit(128 + number);
}

static void read_signals(struct supervisor *s)
{
    char byte;

    while (read(signal_pipe[0], &byte, 1) == 1) {
        if (byte == SIGHUP)
            s->again = true;
        else if (byte == SIGUSR1)
            children_signal(&s->children, SIGUSR1);
        else if (byte != SIGCHLD && !s->stopping)
            stop(s);
        else if (byte == SIGINT || byte == SIGTERM)
            end_at_once(s, byte);
    }
    reap(s);
}

static void read_channel(struct child *child)
{
    char byte;
    ssize_t count = read(child->channel, &byte, 1);

    if (count == 1 && child->stage == STARTING)
        child_enter(child, SERVING);
    else if (count == 0)
        child_close(child);
}

/* Milliseconds until something has to be done; -1: only when something happens. */
static int patience(const struct supervisor *s)
{
    int64_t now = children_now(), at = INT64_MAX;

    for (const struct child *child = s->children.first; child != NULL; child = child->next) {
        if (child->stage == LEAVING && child->since + FORCE_MS < at)
            at = child->since + FORCE_MS;
    }
    if (!s->stopping && s->latest == s->serving && s->due < at &&
        missing(s, s->serving, s->handover->workers) > 0)
        at = s->due;
    if (at == INT64_MAX)
        return -1;
    return at > now ? (int)(at - now) : 0;
}

static void turn(struct supervisor *s)
{
    struct pollfd fds[1 + 4 * LIMIT_PROCESSES];
    struct child *whose[1 + 4 * LIMIT_PROCESSES];
    nfds_t count = 1;

    fds[0] = (struct pollfd){signal_pipe[0], POLLIN, 0};
    for (struct child *child = s->children.first; child != NULL; child = child->next) {
        if (child->channel < 0 || count == sizeof(fds) / sizeof(*fds)) /* the newest come first */
            continue;
        whose[count] = child;
        fds[count++] = (struct pollfd){child->channel, POLLIN, 0};
    }
    if (poll(fds, count, patience(s)) < 0)
        return; /* a signal, whose byte is in the pipe */
    for (nfds_t i = 1; i < count; i++) {
        if (fds[i].revents != 0)
            read_channel(whose[i]);
    }
    read_signals(s);
    end_overdue(s);
    settle(s);
}

int supervise(const struct handover *handover, int ready, bool hasty)
{
    struct supervisor s = {.handover = handover, .latest = 1, .hasty = hasty, .ready = ready,
                           .channel = -1};

    if (!open_signals()) {
        perror("fapws4: cannot hear signals");
        exit(1);
    }
    settle(&s);
    while (s.channel < 0 && (!s.stopping || s.children.first != NULL))
        turn(&s);
    if (s.channel >= 0)
        return s.channel;
    listening_remove(&handover->address);
    exit(s.exit_code);
}

void supervisor_tell(int channel)
{
    if (write(channel, "", 1) != 1)
        perror("fapws4: cannot tell the supervisor that this worker serves");
}
