#include "node_rule.h"

#include <fnmatch.h>
#include <string.h>

#include "../span.h"

enum { PATTERN_SIZE = 128 }; /* bytes; the builder takes no longer ones */

bool node_is_wanted(const char *patterns, const char *name)
{
    struct span rest = span_of(patterns);
    struct span word;
    char pattern[PATTERN_SIZE];

    if (name[0] == '/' || strstr(name, ".."))
        return false;
    while (span_next_word(&rest, &word))
        if (span_copy(word, pattern, sizeof pattern) &&
            fnmatch(pattern, name, FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE) == 0)
            return true;
    return false;
}
