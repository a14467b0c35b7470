#include "cmdline.h"

bool cmdline_has(struct span cmdline, const char *word)
{
    struct span candidate;

    while (span_next_word(&cmdline, &candidate))
        if (span_equals(candidate, word))
            return true;
    return false;
}

bool cmdline_value(struct span cmdline, const char *key, char *out, size_t size)
{
    struct span word;
    bool found = false;

    out[0] = '\0';
    while (span_next_word(&cmdline, &word))
        if (span_skip(&word, key) && span_skip(&word, "="))
            found = span_copy(word, out, size);
    return found;
}
