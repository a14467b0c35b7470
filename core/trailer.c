#include "trailer.h"

#include "character.h"
#include "limits.h"

/* One byte further; false when it cannot stand there. */
static bool advance(struct trailer *trailer, char c)
{
    switch (trailer->at) {
    case TRAILER_LINE:
        trailer->at = c == '\r' ? TRAILER_LAST_CR : TRAILER_NAME;
        return c == '\r' || character_is(c, CHARACTER_TOKEN);
    case TRAILER_NAME:
        trailer->at = c == ':' ? TRAILER_VALUE : TRAILER_NAME;
        return c == ':' || character_is(c, CHARACTER_TOKEN);
    case TRAILER_VALUE:
        trailer->at = c == '\r' ? TRAILER_CR : TRAILER_VALUE;
        return c == '\r' || character_is(c, CHARACTER_TEXT);
    case TRAILER_CR:
        trailer->at = TRAILER_LINE;
        return c == '\n';
    case TRAILER_LAST_CR:
        trailer->whole = true;
        return c == '\n';
    }
    return false;
}

int trailer_take(struct trailer *trailer, struct slice data, size_t *taken)
{
    *taken = 0;
    while (!trailer->whole && *taken < data.length) {
        if (++trailer->length > LIMIT_HEAD)
            return 431;
        if (!advance(trailer, data.data[(*taken)++]))
            return 400;
    }
    return 0;
}
