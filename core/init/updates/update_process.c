#include "update_process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../update/session.h"
#include "../child.h"
#include "gate.h"

/* Descriptors of the process once it has moved in. */
enum { CHANNEL = 3, LISTENER = 4, RUNNING = 5, OTHER = 6 };

struct updater {
    struct loop loop;
    struct gate gate;
    struct identity identity;
    enum refusal unable;
    pid_t session; /* 0: none is under way */
    int alive;     /* says when that process has ended: it alone has the other end */
};

/* One process has one of them; a session's memory is not touched before there is one. */
static struct updater updater;
static struct session the_session;
static bool begun;

/* ---- a session's process ---- */

static bool tell(const char *format, ...)
{
    char packet[UPDATE_PACKET];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(packet, sizeof packet, format, arguments);
    va_end(arguments);
    return send(CHANNEL, packet, strlen(packet), MSG_NOSIGNAL) > 0;
}

static bool ask(const char *question, char why[SESSION_WHY])
{
    char packet[UPDATE_PACKET];
    ssize_t count = tell("%s", question) ? recv(CHANNEL, packet, sizeof packet - 1, 0) : -1;
    struct span answer = {packet, count > 0 ? (size_t)count : 0};

    if (span_equals(answer, "go"))
        return true;
    if (!span_skip(&answer, "no ") || !span_copy(answer, why, SESSION_WHY))
        snprintf(why, SESSION_WHY, "the device does not answer: restart it");
    return false;
}

static bool may_begin(void *owner, char why[SESSION_WHY])
{
    (void)owner;
    begun = ask("begin", why);
    return begun;
}

static void went_on(void *owner, uint64_t done, uint64_t total)
{
    (void)owner;
    if (begun)
        tell("progress %llu %llu", (unsigned long long)done, (unsigned long long)total);
}

static bool installed(void *owner, const struct manifest *manifest, char why[SESSION_WHY])
{
    char question[UPDATE_PACKET];

    (void)owner;
    snprintf(question, sizeof question, "installed %llu %s", (unsigned long long)manifest->counter,
             manifest->version);
    return ask(question, why);
}

static struct place place_of(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);

    return (struct place){fd, 0, size > 0 ? (uint64_t)size : 0};
}

/* PID 1 hears of the end once the client has its answer. */
static _Noreturn void serve(int fd, enum session_mode mode, struct span early)
{
    struct session_host host = {&updater.identity, updater.unable,       place_of(RUNNING),
                                place_of(OTHER),   POLICY_UPDATE_SILENCE, may_begin,
                                went_on,           installed,            NULL};
    enum session_end end = session_run(&the_session, &host, fd, mode, early);

    close(fd);
    if (begun)
        tell(end == SESSION_REFUSED ? "end %s" : "end", the_session.why);
    _exit(0);
}

/* ---- the process that sessions come from ---- */

/* Nobody else tells PID 1 of the end of a session that has died. */
static void session_ended(void *owner)
{
    int status = 0;

    (void)owner;
    loop_forget(&updater.loop, updater.alive);
    close(updater.alive);
    waitpid(updater.session, &status, 0);
    updater.session = 0;
    if (status != 0)
        tell("end the updater has died");
}

static bool fork_session(int fd, enum session_mode mode, struct span early)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    updater.session = child_fork();
    if (updater.session == 0) {
        gate_abandon(&updater.gate);
        close(ends[0]);
        serve(fd, mode, early);
    }
    close(ends[1]);
    updater.alive = ends[0];
    if (updater.session > 0)
        return loop_watch(&updater.loop, ends[0], POLLIN, session_ended, NULL) == 0;
    updater.session = 0;
    close(ends[0]);
    return false;
}

/* Who has asked what is missing, or was refused, comes again at once: then the session before is
 * about to end. */
static void await_end(void)
{
    struct pollfd alive = {updater.alive, POLLIN, 0};

    if (updater.session && poll(&alive, 1, POLICY_UPDATE_OVERLAP) > 0)
        session_ended(NULL);
}

static void begin_session(void *owner, int fd, enum session_mode mode, struct span early)
{
    (void)owner;
    await_end();
    if (updater.session)
        session_refuse(fd, "another update is under way: try again when it has ended", 0);
    else if (!fork_session(fd, mode, early))
        session_refuse(fd, "the device has no memory left for an update: restart it", 0);
    close(fd);
}

/* It needs no right but to write the slot that it has opened: not even its own files. */
static bool give_up_rights(void)
{
    return chroot(CHILD_EMPTY_ROOT) == 0 && chdir("/") == 0 && child_become(POLICY_UPDATE_UID);
}

static void run(const void *given, int channel)
{
    const struct update_order *order = given;
    int fds[] = {-1,
                 -1,
                 -1,
                 channel,
                 order->listener,
                 open(order->running, O_RDONLY | O_CLOEXEC),
                 open(order->other, O_RDWR | O_CLOEXEC)};

    if (fds[RUNNING] < 0 || fds[OTHER] < 0)
        _exit(2);
    child_keep(fds, OTHER + 1);
    updater.unable = identity_read("/etc", &updater.identity);
    if (!give_up_rights())
        _exit(3);
    loop_init(&updater.loop);
    updater.gate = (struct gate){.loop = &updater.loop,
                                 .listener = LISTENER,
                                 .claim = *order->claim,
                                 .enter = begin_session};
    if (gate_open(&updater.gate) != 0)
        _exit(4);
    for (;;)
        loop_turn(&updater.loop);
}

pid_t update_process_start(const struct update_order *order, int *channel)
{
    return child_start(run, order, channel);
}
