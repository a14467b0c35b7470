#include "cmdline.h"

#include <stdio.h>

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

static char plain(char letter)
{
    return letter == '-' ? '_' : letter;
}

/* Takes "NAME." off the front of *word. */
static bool is_for(struct span *word, const char *module)
{
    size_t i = 0;

    while (i < word->length && module[i] && plain(word->start[i]) == plain(module[i]))
        i++;
    if (module[i] || i >= word->length || word->start[i] != '.')
        return false;
    word->start += i + 1;
    word->length -= i + 1;
    return true;
}

bool cmdline_parameters(struct span cmdline, const char *module, char *out, size_t size)
{
    struct span word;
    size_t used = 0;

    out[0] = '\0';
    while (span_next_word(&cmdline, &word)) {
        if (!is_for(&word, module))
            continue;
        if (used + word.length + 2 > size) {
            out[0] = '\0';
            return false;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? " " : "",
                                 (int)word.length, word.start);
    }
    return true;
}
