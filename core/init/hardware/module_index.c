#include "module_index.h"

#include <fnmatch.h>

enum { PATTERN_SIZE = 512 }; /* bytes; the longest alias in Debian 6.12 has 178 */

/* fnmatch is slow and nearly every pattern fails in its first, literal characters: those are
 * looked at before anything else is done with a line (under emulation this is a second of the
 * boot). */
static bool begins_alike(struct span line, const char *modalias)
{
    for (size_t i = 0; i < line.length; i++) {
        char wanted = line.start[i];

        if (wanted == '*' || wanted == '?' || wanted == '[' || wanted == '\\' || wanted == ' ')
            return true;
        if (wanted != modalias[i])
            return false;
    }
    return true;
}

static bool matches(struct span pattern, const char *modalias)
{
    char text[PATTERN_SIZE];

    return span_copy(pattern, text, sizeof text) && fnmatch(text, modalias, 0) == 0;
}

bool module_index_match(struct span *aliases, const char *modalias, char name[MODULE_NAME_SIZE])
{
    struct span line, pattern, module;

    while (span_next_line(aliases, &line))
        if (begins_alike(line, modalias) && span_next_word(&line, &pattern) &&
            span_next_word(&line, &module) && matches(pattern, modalias) &&
            span_copy(module, name, MODULE_NAME_SIZE))
            return true;
    return false;
}

struct span module_index_dependencies(struct span depends, const char *name)
{
    struct span line, module;

    while (span_next_line(&depends, &line))
        if (span_next_word(&line, &module) && span_equals(module, name))
            return line;
    return span_of("");
}
