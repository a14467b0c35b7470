#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

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

void console_show(struct span line)
{
    log_add(&the_log, line);
    show(line);
}

static struct span formatted(char line[POLICY_LINE], const char *format, va_list arguments)
{
    size_t used = (size_t)snprintf(line, POLICY_LINE, "fapws4: ");

    vsnprintf(line + used, POLICY_LINE - used, format, arguments);
    return span_of(line);
}

void say(const char *format, ...)
{
    char line[POLICY_LINE];
    va_list arguments;

    va_start(arguments, format);
    console_show(formatted(line, format, arguments));
    va_end(arguments);
}

void warn(const char *format, ...)
{
    char line[POLICY_LINE];
    va_list arguments;

    va_start(arguments, format);
    console_show(formatted(line, format, arguments));
    va_end(arguments);
    warned = true;
}

void quote(struct span lines)
{
    struct span rest = log_tail(lines, POLICY_LOG_SHOWN), line;

    while (span_next_line(&rest, &line))
        say("| %.*s", (int)line.length, line.start);
}

void confide(const char *format, ...)
{
    char line[POLICY_LINE];
    va_list arguments;

    va_start(arguments, format);
    show(formatted(line, format, arguments));
    va_end(arguments);
}

void note_warning(const char *format, ...)
{
    char line[POLICY_LINE];
    va_list arguments;

    va_start(arguments, format);
    log_add(&the_log, formatted(line, format, arguments));
    va_end(arguments);
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
    return (struct span){the_log.text, the_log.used};
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
