#include "access_log.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct access_log {
    const char *path;
    int fd;
    bool is_file;      /* a write to a regular file is always taken */
    struct buffer lines;
    size_t lost;       /* lines, while nobody reads */
    bool failed;       /* was said already */
};

/* ---- one line ---- */

/* A quote or a line break inside a value would let a client forge lines. */
static void append_quoted(struct buffer *text, struct slice value)
{
    static const char digits[] = "0123456789abcdef";

    if (value.length == 0) {
        buffer_append_slice(text, SLICE("\"-\""));
        return;
    }
    buffer_append(text, "\"", 1);
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
        if (c == '"' || c == '\\')
            buffer_append(text, (char[2]){'\\', (char)c}, 2);
        else if (c < 32 || c > 126)
            buffer_append(text, escape, sizeof(escape));
        else
            buffer_append(text, &c, 1);
    }
    buffer_append(text, "\"", 1);
}

/* "[22/Nov/2026:09:24:35 +0100] ", made once a second. Not by strftime: its months depend on the
 * locale that the app has set. */
static struct slice stamp(time_t now)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static time_t made_for = -1;
    static char text[48];
    struct tm tm;
    long offset;

    if (now != made_for) {
        localtime_r(&now, &tm);
        offset = tm.tm_gmtoff / 60;
        snprintf(text, sizeof(text), "[%02d/%s/%d:%02d:%02d:%02d %c%02ld%02ld] ", tm.tm_mday,
                 months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 offset < 0 ? '-' : '+', labs(offset) / 60, labs(offset) % 60);
        made_for = now;
    }
    return slice_of(text);
}

void access_log_begin(struct buffer *text, const struct access *access)
{
    char host[PEER_TEXT_SIZE];

    peer_write(access->peer, host);
    buffer_append_slice(text, slice_of(host[0] != '\0' ? host : "-"));
    buffer_append_slice(text, SLICE(" - - "));
    buffer_append_slice(text, stamp(access->time));
    append_quoted(text, access->line);
    buffer_append(text, " ", 1);
}

void access_log_end(struct buffer *text, const struct access *access)
{
    buffer_append(text, " ", 1);
    append_quoted(text, access->referer);
    buffer_append(text, " ", 1);
    append_quoted(text, access->agent);
    buffer_append(text, "\n", 1);
}

void access_log_add(struct access_log *log, struct slice before, int status, uint64_t bytes,
                    struct slice behind)
{
    char numbers[32];

    if (log->lines.length > LIMIT_ACCESS_LOG) {
        log->lost++;
        return;
    }
    snprintf(numbers, sizeof(numbers), "%d %llu", status, (unsigned long long)bytes);
    buffer_append_slice(&log->lines, before);
    buffer_append_slice(&log->lines, slice_of(numbers));
    buffer_append_slice(&log->lines, behind);
}

/* ---- the file ---- */

static int open_path(const char *path)
{
    return strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                                         0640);
}

static bool open_log(struct access_log *log)
{
    struct stat status;
    int fd = open_path(log->path);

    if (fd < 0) {
        fprintf(stderr, "fapws4: ACCESS_LOG: %s cannot be opened: %s\n", log->path,
                strerror(errno));
        return false;
    }
    if (log->fd >= 0)
        close(log->fd);
    log->fd = fd;
    log->is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    log->failed = false;
    return true;
}

struct access_log *access_log_open(const char *path)
{
    struct access_log *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return NULL;
    log->path = path;
    log->fd = -1;
    if (open_log(log))
        return log;
    free(log);
    return NULL;
}

bool access_log_reopen(void *access_log)
{
    struct access_log *log = access_log;

    access_log_write(log);
    return open_log(log);
}

/* A pipe that is ready takes PIPE_BUF bytes without waiting (POSIX, write). */
static size_t room(const struct access_log *log, int milliseconds)
{
    struct pollfd ready = {log->fd, POLLOUT, 0};

    if (log->is_file)
        return SIZE_MAX;
    return poll(&ready, 1, milliseconds) == 1 ? PIPE_BUF : 0;
}

static void note_failure(struct access_log *log)
{
    log->lines.length = 0;
    if (!log->failed)
        fprintf(stderr, "fapws4: ACCESS_LOG: %s cannot be written: %s\n", log->path,
                strerror(errno));
    log->failed = true;
}

static void note_lost(struct access_log *log)
{
    if (log->lost > 0 && log->lines.length == 0) {
        fprintf(stderr, "fapws4: ACCESS_LOG: %zu lines are lost, nobody took them\n", log->lost);
        log->lost = 0;
    }
}

static void write_within(struct access_log *log, int milliseconds)
{
    size_t done = 0, most;
    ssize_t count = 0;

    while (done < log->lines.length && count >= 0 && (most = room(log, milliseconds)) > 0) {
        size_t length = log->lines.length - done;
        count = write(log->fd, log->lines.data + done, length < most ? length : most);
        done += count > 0 ? (size_t)count : 0;
    }
    if (count < 0 && errno != EINTR && errno != EAGAIN)
        note_failure(log);
    else
        buffer_consume(&log->lines, done);
    note_lost(log);
    if (log->lines.failed || log->lines.capacity > 2 * LIMIT_ACCESS_LOG)
        buffer_finish(&log->lines);
}

void access_log_write(struct access_log *log)
{
    if (log->lines.length > 0)
        write_within(log, 0);
}

void access_log_close(struct access_log *log)
{
    if (log == NULL)
        return;
    write_within(log, 1000);
    close(log->fd);
    buffer_finish(&log->lines);
    free(log);
}
