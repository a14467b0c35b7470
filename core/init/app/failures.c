#include "failures.h"

bool failures_add(struct failures *failures, int64_t now_ms, bool listened)
{
    unsigned place = failures->count++ % POLICY_FAILURES;
    unsigned recent = 0, starts = 0;

    failures->starts += !listened;
    failures->at_ms[place] = now_ms;
    failures->start[place] = !listened;
    for (unsigned i = 0; i < POLICY_FAILURES && i < failures->count; i++) {
        if (now_ms - failures->at_ms[i] < POLICY_FAILURES_WITHIN) {
            recent++;
            starts += failures->start[i];
        }
    }
    return recent >= POLICY_FAILURES || starts >= POLICY_FAILED_STARTS;
}
