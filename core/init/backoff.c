#include "backoff.h"

#include "policy.h"

int64_t backoff_next(struct backoff *backoff, int64_t ran_ms)
{
    if (ran_ms >= POLICY_RAN_WELL || backoff->last_ms == 0)
        backoff->last_ms = POLICY_RESTART_FIRST;
    else
        backoff->last_ms *= 2;
    if (backoff->last_ms > POLICY_RESTART_LONGEST)
        backoff->last_ms = POLICY_RESTART_LONGEST;
    return backoff->last_ms;
}
