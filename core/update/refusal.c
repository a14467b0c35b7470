#include "refusal.h"

const char *refusal_text(enum refusal refusal)
{
    static const char *const texts[] = {
        "",
#define TEXT(name, text) text,
        REFUSALS(TEXT)
#undef TEXT
    };

    return texts[refusal];
}
