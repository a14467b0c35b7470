#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../file.h"

struct outlet {
    int fd;
    unsigned lost; /* lines, since the last one that was shown */
    size_t used;
    char pending[POLICY_CONSOLE_PENDING];
};

/* One machine has one set of consoles, and any duty may speak: the only state of PID 1 outside
 * its main function. */
static struct outlet outlets[POLICY_CONSOLES];
static int outlet_count;
static struct loop *the_loop;
static struct log the_log;
static int64_t started_ms;
static bool warned;

static bool put(struct outlet *outlet, const char *bytes, size_t length)
{
    if (length > sizeof outlet->pending - outlet->used)
        return false;
    memcpy(outlet->pending + outlet->used, bytes, length);
    outlet->used += length;
    return true;
}

static bool put_line(struct outlet *outlet, struct span line)
{
    if (line.length + 1 > sizeof outlet->pending - outlet->used)
        return false;
    return put(outlet, line.start, line.length) && put(outlet, "\n", 1);
}

static void confess_loss(struct outlet *outlet)
{
    char line[64];

    if (outlet->lost == 0)
        return;
    snprintf(line, sizeof line, "fapws4: %u lines not shown here", outlet->lost);
    if (put_line(outlet, span_of(line)))
        outlet->lost = 0;
}

static void flush(void *owner)
{
    struct outlet *outlet = owner;
    ssize_t written = write(outlet->fd, outlet->pending, outlet->used);

    if (written < 0 && errno != EAGAIN && errno != EINTR)
        written = (ssize_t)outlet->used; /* unplugged: keeping them would not help */
    if (written > 0) {
        outlet->used -= (size_t)written;
        memmove(outlet->pending, outlet->pending + written, outlet->used);
        confess_loss(outlet);
    }
    loop_forget(the_loop, outlet->fd);
    if (outlet->used > 0)
        loop_watch(the_loop, outlet->fd, POLLOUT, flush, outlet);
}

static void outlet_show(struct outlet *outlet, struct span line)
{
    if (outlet->lost > 0 || !put_line(outlet, line))
        outlet->lost++;
    flush(outlet);
}

static void show(struct span line)
{
    if (outlet_count == 0)
        dprintf(2, "%.*s\n", (int)line.length, line.start);
    for (int i = 0; i < outlet_count; i++)
        outlet_show(&outlets[i], line);
}

static struct log *log_kept(void)
{
    static char memory[POLICY_LOG_FIRST];

    if (the_log.shares[0].size == 0)
        log_init(&the_log, memory, sizeof memory);
    return &the_log;
}

void console_keep(size_t size)
{
    struct log larger;
    char *memory = size > POLICY_LOG_FIRST ? malloc(size) : NULL;

    if (!memory)
        return;
    log_init(&larger, memory, size);
    log_take_over(&larger, log_kept());
    the_log = larger;
}

void console_set_start(int64_t start)
{
    started_ms = start;
}

void console_show(enum log_source source, struct span line)
{
    log_add(log_kept(), source, loop_now(), line);
    show(line);
}

/* PID 1's own lines begin with its name where those of all are shown together; the log has the
 * source of each. */
static void speak(bool kept, const char *format, va_list arguments)
{
    char line[POLICY_LINE];
    size_t name = (size_t)snprintf(line, sizeof line, "fapws4: ");

    vsnprintf(line + name, sizeof line - name, format, arguments);
    if (kept)
        log_add(log_kept(), LOG_FAPWS4, loop_now(), span_of(line + name));
    show(span_of(line));
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    speak(true, format, arguments);
    va_end(arguments);
}

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    speak(true, format, arguments);
    va_end(arguments);
    warned = true;
}

void confide(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    speak(false, format, arguments);
    va_end(arguments);
}

void quote(struct span lines)
{
    struct span rest = log_tail(lines, POLICY_LOG_SHOWN), line;

    while (span_next_line(&rest, &line))
        say("| %.*s", (int)line.length, line.start);
}

void note_warning(enum log_source source, struct span line)
{
    log_add(log_kept(), source, loop_now(), line);
    warned = true;
}

bool console_warned(void)
{
    bool since = warned;

    warned = false;
    return since;
}

struct span console_log(void)
{
    static char text[POLICY_LOG];

    return log_last(log_kept(), started_ms, text, sizeof text);
}

struct span console_log_from(uint64_t position, uint64_t *next)
{
    static char text[POLICY_LOG_ANSWER];

    return log_from(log_kept(), position, started_ms, text, sizeof text, next);
}

uint64_t console_log_end(void)
{
    return log_kept()->end;
}

static void open_outlet(struct span name)
{
    char path[64] = "/dev/";
    int fd;

    if (outlet_count == POLICY_CONSOLES || !span_copy(name, path + 5, sizeof path - 5))
        return;
    fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        outlets[outlet_count++].fd = fd;
}

int console_open(struct loop *loop)
{
    char names[256];
    struct span rest = file_read("/sys/class/tty/console/active", names, sizeof names);
    struct span name;

    the_loop = loop;
    while (span_next_word(&rest, &name))
        open_outlet(name);
    return outlet_count > 0 ? 0 : ENODEV;
}

static int unsent(const struct outlet *outlet)
{
    int queued = 0;

    ioctl(outlet->fd, TIOCOUTQ, &queued);
    return queued + (int)outlet->used;
}

void console_drain(void)
{
    int64_t deadline = loop_now() + POLICY_CONSOLE_DRAIN;

    for (int i = 0; i < outlet_count; i++) {
        while (unsent(&outlets[i]) > 0 && loop_now() < deadline) {
            poll(NULL, 0, 10);
            flush(&outlets[i]);
        }
    }
}
