#include "reset_file.h"

#include <string.h>
#include <strings.h>

#include "../crc32.h"

enum { NAME = 80 }; /* longer than any product or host name */

/* The visible part of the first line. False when it is too long for a name, or nothing. */
static bool read_name(struct span text, char name[NAME])
{
    size_t length = 0;

    for (size_t i = 0; i < text.length && text.start[i] != '\n'; i++) {
        if (text.start[i] <= ' ' || text.start[i] > '~')
            continue;
        if (length == NAME - 1)
            return false;
        name[length++] = text.start[i];
    }
    name[length] = '\0';
    return length > 0;
}

bool reset_file_names(struct span text, const char *product, const char *host)
{
    static const char local[] = ".local";
    char name[NAME];
    size_t host_length = strlen(host);

    if (!read_name(text, name))
        return false;
    return strcasecmp(name, product) == 0 ||
           (host_length > 0 && strncasecmp(name, host, host_length) == 0 &&
            (name[host_length] == '\0' || strcasecmp(name + host_length, local) == 0));
}

uint32_t reset_file_stick(struct span beginning, struct span text)
{
    uint32_t both[] = {crc32_of(beginning.start, beginning.length), crc32_of(text.start, text.length)};
    uint32_t stick = crc32_of(both, sizeof both);

    return stick ? stick : 1;
}
