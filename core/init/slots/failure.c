#include "failure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../file.h"
#include "../log/log_text.h"
#include "../policy.h"
#include "../log/record.h"

static const char path[] = RECORD_FOLDER "/failed";

void failure_describe(const char *version, const char *reason, char text[FAILURE_TEXT])
{
    snprintf(text, FAILURE_TEXT, "version %s has not passed its trial: %s", version, reason);
}

int failure_keep(const struct failure *failure)
{
    static char text[FAILURE_TEXT + 32 + POLICY_LOG];
    struct span lines = log_tail(failure->lines, POLICY_LOG);
    size_t used = (size_t)snprintf(text, FAILURE_TEXT + 32, "trial %" PRIu64 ", %s\n", failure->trial,
                                   failure->text);

    memcpy(text + used, lines.start, lines.length);
    return file_keep(path, (struct span){text, used + lines.length});
}

bool failure_read(struct failure *failure)
{
    static char text[FAILURE_TEXT + 32 + POLICY_LOG];
    struct span line;
    int length = 0;

    failure->lines = file_read(path, text, sizeof text);
    if (!span_next_line(&failure->lines, &line) ||
        sscanf(line.start, "trial %" SCNu64 ", %n", &failure->trial, &length) != 1 ||
        length == 0 || (size_t)length > line.length)
        return false;
    line.start += length;
    line.length -= (size_t)length;
    return span_copy(line, failure->text, FAILURE_TEXT);
}

int failure_forget(void)
{
    return file_forget(path);
}
