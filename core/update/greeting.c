#include "greeting.h"

#include "text.h"

static bool parse_mode(struct span word, enum session_mode *mode)
{
    static const char *const names[] = {"parts", "whole", "verify"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_equals(word, names[i])) {
            *mode = (enum session_mode)i;
            return true;
        }
    }
    return false;
}

bool greeting_parse(struct span line, struct greeting *greeting)
{
    struct span word;

    if (!span_skip(&line, "fapws4-update 1 ") || !text_word(&line, &word) ||
        !parse_mode(word, &greeting->mode))
        return false;
    greeting->code = line;
    return line.length > 0;
}
