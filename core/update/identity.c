#include "identity.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../init/file.h"

enum { FILE_MOST = 8192 };

/* A file below `folder`, whole; empty when it is absent or too long to be what it should be. */
static struct span read_below(const char *folder, const char *name, char buffer[FILE_MOST])
{
    char path[PATH_MAX];
    struct span text = {buffer, 0};

    errno = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        text = file_read(path, buffer, FILE_MOST);
    return text.length < FILE_MOST - 1 ? text : (struct span){buffer, 0};
}

/* The value of the line KEY=VALUE; empty when there is none. */
static struct span value_of(struct span text, const char *key)
{
    struct span line;

    while (span_next_line(&text, &line))
        if (span_skip(&line, key) && span_skip(&line, "="))
            return line;
    return span_of("");
}

enum refusal identity_read(const char *folder, struct identity *identity)
{
    char buffer[FILE_MOST];
    struct span text;

    memset(identity, 0, sizeof *identity);
    text = read_below(folder, "appliance.conf", buffer);
    if (!text_name(value_of(text, "name"), "-_.", identity->product, sizeof identity->product) ||
        !text_name(value_of(text, "board"), "-_.", identity->board, sizeof identity->board) ||
        !text_number(value_of(text, "counter"), INT64_MAX, &identity->counter))
        return REFUSED_UNKNOWN_DEVICE;
    text = read_below(folder, "appliance.manifest", buffer);
    if (!layout_parse(text, &identity->slot))
        return REFUSED_UNKNOWN_DEVICE;
    text = read_below(folder, "appliance.keys", buffer);
    if (text.length == 0 && errno == ENOENT)
        return REFUSED_NO_KEYS;
    return key_set_parse(text, &identity->keys) ? ACCEPTED : REFUSED_UNKNOWN_DEVICE;
}
