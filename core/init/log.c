#include "log.h"

#include <string.h>

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

void log_add(struct log *log, struct span line)
{
    struct span kept;

    if (line.length >= sizeof log->text)
        return;
    kept = log_tail((struct span){log->text, log->used}, sizeof log->text - line.length - 1);
    memmove(log->text, kept.start, kept.length);
    memcpy(log->text + kept.length, line.start, line.length);
    log->used = kept.length + line.length + 1;
    log->text[log->used - 1] = '\n';
}
