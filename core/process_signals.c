#include "process_signals.h"

#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* A signal handler has no argument of its own, hence the globals of the server. */
static uv_async_t *volatile stop_request, *volatile hangup_request, *volatile profile_request;
static volatile sig_atomic_t signals_seen;

/* The process that serves. What an app forks (multiprocessing's way by default on Linux) has its handlers and the other end
 * of its requests, and must neither stop the server nor outlive a signal itself. */
static pid_t server_process;

static bool is_of_a_child(int number)
{
    if (getpid() == server_process)
        return false;
    signal(number, SIG_DFL);
    raise(number); /* takes effect when the handler returns */
    return true;
}

/* uv_async_send is async-signal-safe by its documentation. Not uv_signal_t: that is served by the
 * loop, which does not turn while a handler hangs. */
static void on_stop_signal(int number)
{
    int kept = errno;

    if (is_of_a_child(number))
        return;
    if (signals_seen++ > 0 || stop_request == NULL)
        _exit(128 + number);
    uv_async_send(stop_request);
    errno = kept;
}

static void on_hangup_signal(int number, siginfo_t *info, void *context)
{
    bool gone = terminal_is_gone(number, info);
    int kept = errno;

    (void)context;
    if (is_of_a_child(number))
        return;
    if (gone && signals_seen == 0)
        on_stop_signal(number);
    else if (!gone && hangup_request != NULL)
        uv_async_send(hangup_request);
    errno = kept;
}

static void on_profile_signal(int number)
{
    int kept = errno;

    if (is_of_a_child(number))
        return;
    if (profile_request != NULL)
        uv_async_send(profile_request);
    errno = kept;
}

/* A function that does nothing instead of SIG_IGN, which the programs that the app starts would
 * inherit. */
static void pass_over(int number)
{
    (void)number;
}

static void watch_signal(int number, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, NULL);
}

static void watch_hangups(void)
{
    struct sigaction action;

    terminal_prepare();
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_hangup_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    sigaction(SIGHUP, &action, NULL);
}

void process_signals_hear(uv_async_t *stop, uv_async_t *hangup, uv_async_t *profile)
{
    server_process = getpid();
    stop_request = stop;
    hangup_request = hangup;
    profile_request = profile;
    watch_signal(SIGTERM, on_stop_signal);
    watch_signal(SIGUSR1, on_profile_signal);
    watch_signal(SIGPIPE, SIG_IGN);
    watch_signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its request */
    if (hangup != NULL) {
        watch_signal(SIGINT, on_stop_signal);
        watch_hangups();
    } else {
        watch_signal(SIGINT, pass_over);
        watch_signal(SIGHUP, pass_over);
    }
}

void process_signals_forget(void)
{
    stop_request = hangup_request = profile_request = NULL;
}
