#include "claim.h"

#include <string.h>

enum { CODE_SIZE = sizeof((struct claim *)0)->code };

enum { FIRST_WAIT = 1000, LONGEST_WAIT = 60000 }; /* ms */

void claim_make(struct claim *claim, const uint8_t random[CLAIM_LENGTH])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    size_t used = 0;

    memset(claim, 0, sizeof *claim);
    for (int i = 0; i < CLAIM_LENGTH; i++) {
        if (i > 0 && i % CLAIM_GROUP == 0)
            claim->code[used++] = '-';
        claim->code[used++] = digits[random[i] % 32];
    }
}

static char meant(char byte)
{
    char capital = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;

    if (capital == 'O')
        return '0';
    return capital == 'I' || capital == 'L' ? '1' : capital;
}

/* The bytes that count, as they are meant, the rest of out[] zero. How many; 0 when they do not
 * fit. */
static size_t reduce(struct span text, char out[CODE_SIZE])
{
    size_t used = 0;

    memset(out, 0, CODE_SIZE);
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '-' || text.start[i] == ' ')
            continue;
        if (used == CODE_SIZE - 1)
            return 0;
        out[used++] = meant(text.start[i]);
    }
    return used;
}

bool claim_read(struct claim *claim, struct span text)
{
    char reduced[CODE_SIZE];

    memset(claim, 0, sizeof *claim);
    while (text.length > 0 && strchr(" \r\n", text.start[text.length - 1]))
        text.length--;
    return reduce(text, reduced) && span_copy(text, claim->code, sizeof claim->code);
}

bool claim_matches(const struct claim *claim, struct span typed)
{
    char code[CODE_SIZE], other[CODE_SIZE];
    size_t length = reduce(span_of(claim->code), code);
    size_t difference = length ^ reduce(typed, other);

    for (size_t i = 0; i < CODE_SIZE; i++)
        difference |= (unsigned char)(code[i] ^ other[i]);
    return length > 0 && difference == 0;
}

int64_t claim_wait(struct claim *claim, bool right)
{
    int64_t wait = FIRST_WAIT;

    if (right) {
        claim->wrong = 0;
        return 0;
    }
    for (unsigned i = 0; i < claim->wrong && wait < LONGEST_WAIT; i++)
        wait *= 2;
    claim->wrong++;
    return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}
