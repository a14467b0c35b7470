#include "refused_call.h"

/* AUDIT_SECCOMP, and how it was answered: SECCOMP_RET_ERRNO. Which error is not told. */
static const char kind[] = "type=1326";
static const char answered[] = "code=0x50000";

static bool read_number(struct span digits, int *number)
{
    *number = 0;
    if (digits.length == 0 || digits.length > 9)
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.start[i] < '0' || digits.start[i] > '9')
            return false;
        *number = *number * 10 + (digits.start[i] - '0');
    }
    return true;
}

bool refused_call_parse(struct span record, struct refused_call *call)
{
    struct span line, word;
    bool is_audit = false, is_refusal = false, has_process = false, has_number = false;

    /* "priority,sequence,time,flags;text\n", then lines of properties, which are not looked at. */
    if (!span_next_line(&record, &line))
        return false;
    while (span_next_word(&line, &word)) {
        if (span_equals(word, kind))
            is_audit = true;
        else if (span_equals(word, answered))
            is_refusal = true;
        else if (span_skip(&word, "pid="))
            has_process = read_number(word, &call->process);
        else if (span_skip(&word, "syscall="))
            has_number = read_number(word, &call->number);
    }
    return is_audit && is_refusal && has_process && has_number;
}
