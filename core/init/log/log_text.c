#include "log_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const names[LOG_SOURCES] = {"fapws4", "kernel", "app",
                                               "pages",  "fetch",  "manager"};

static void format_time(int64_t time_ms, int64_t started_ms, char text[32])
{
    time_t seconds = (time_t)((started_ms + time_ms) / 1000);
    struct tm parts;

    if (started_ms == 0 || !gmtime_r(&seconds, &parts) ||
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(text, 32, "-");
}

/* Into out[size]: the length, 0 when it does not fit. */
static size_t format_text(const struct log_line *line, int64_t started_ms, struct span text,
                          char *out, size_t size)
{
    char prefix[LOG_PREFIX], time[32];
    size_t length;

    format_time(line->time_ms, started_ms, time);
    length = (size_t)snprintf(prefix, sizeof prefix, "%" PRId64 ".%03d %s %s ",
                              line->time_ms / 1000, (int)(line->time_ms % 1000), time,
                              names[line->source]);
    if (length + text.length + 1 > size)
        return 0;
    memcpy(out, prefix, length);
    memcpy(out + length, text.start, text.length);
    out[length + text.length] = '\n';
    return length + text.length + 1;
}

/* With the line about what is missing before it. */
static size_t format(const struct log_line *line, int64_t started_ms, char *out, size_t size)
{
    static const char missing[] = "(lines before this one are not kept any more)";
    size_t head = 0, length;

    if (line->gap)
        head = format_text(line, started_ms, span_of(missing), out, size);
    if (line->gap && head == 0)
        return 0;
    length = format_text(line, started_ms, line->text, out + head, size - head);
    return length ? head + length : 0;
}

struct span log_from(const struct log *log, uint64_t position, int64_t started_ms, char *out,
                     size_t size, uint64_t *next)
{
    struct log_cursor cursor;
    struct log_line line;
    size_t used = 0, length;

    *next = log->end;
    log_seek(log, position, &cursor);
    for (uint64_t last = position; log_next(log, &cursor, &line); last = line.position) {
        length = format(&line, started_ms, out + used, size - used);
        if (length == 0) {
            *next = last;
            break;
        }
        used += length;
    }
    return (struct span){out, used};
}

/* No line is shorter as text than it counts as a position. */
struct span log_last(const struct log *log, int64_t started_ms, char *out, size_t size)
{
    uint64_t position = log->end > size ? log->end - size : 0;
    char line_text[3 * LOG_PREFIX + sizeof((struct log_cursor *)NULL)->text];
    struct log_cursor cursor;
    struct log_line line;
    size_t total = 0, used = 0, length;

    log_seek(log, position, &cursor);
    while (log_next(log, &cursor, &line))
        total += format(&line, started_ms, line_text, sizeof line_text);
    log_seek(log, position, &cursor);
    while (log_next(log, &cursor, &line)) {
        length = format(&line, started_ms, line_text, sizeof line_text);
        if (total <= size) {
            memcpy(out + used, line_text, length);
            used += length;
        }
        total -= total > size ? length : 0;
    }
    return (struct span){out, used};
}

struct span log_tail(struct span text, size_t most)
{
    const char *end;

    if (text.length <= most)
        return text;
    text.start += text.length - most - 1; /* one more: a line may begin right behind it */
    text.length = most + 1;
    end = memchr(text.start, '\n', text.length);
    if (!end)
        return (struct span){text.start, 0};
    text.length -= (size_t)(end + 1 - text.start);
    text.start = end + 1;
    return text;
}
