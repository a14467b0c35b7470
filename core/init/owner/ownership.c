#include "ownership.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "../log/record.h"

static const char path[] = RECORD_FOLDER "/claim";

/* Never a code that could be guessed: without chance there is none. */
static int make(struct claim *claim)
{
    uint8_t random[CLAIM_LENGTH];
    ssize_t count;

    do
        count = getrandom(random, sizeof random, 0);
    while (count < 0 && errno == EINTR);
    if (count != sizeof random)
        return errno;
    claim_make(claim, random);
    explicit_bzero(random, sizeof random);
    return 0;
}

void ownership_open(struct claim *claim, bool kept)
{
    char text[128];

    if (!claim_read(claim, file_read(path, text, sizeof text))) {
        if (!try_to("make a claim code", make(claim)))
            return;
        if (kept)
            try_to("keep the claim code", file_keep(path, span_of(claim->code)));
    }
    explicit_bzero(text, sizeof text);
}
