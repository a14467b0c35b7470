#include "uevent.h"

#include <string.h>

const char *uevent_value(struct span message, const char *key)
{
    if (message.length == 0 || message.start[message.length - 1] != '\0')
        return NULL;
    while (message.length > 0) {
        struct span field = span_of(message.start);
        size_t length = field.length + 1;

        if (span_skip(&field, key) && span_skip(&field, "="))
            return field.start;
        message.start += length;
        message.length -= length;
    }
    return NULL;
}

static bool says(struct span message, const char *action, const char *subsystem)
{
    const char *said = uevent_value(message, "ACTION");
    const char *actual = uevent_value(message, "SUBSYSTEM");

    return said && actual && strcmp(said, action) == 0 && strcmp(actual, subsystem) == 0;
}

bool uevent_adds(struct span message, const char *subsystem)
{
    return says(message, "add", subsystem);
}

bool uevent_removes(struct span message, const char *subsystem)
{
    return says(message, "remove", subsystem);
}
