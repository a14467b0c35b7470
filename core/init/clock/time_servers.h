/* Time servers: which ones there are, the process that asks them (sntp_process.h), and what of its
 * reports becomes the device's time. */
#ifndef FAPWS4_INIT_TIME_SERVERS_H
#define FAPWS4_INIT_TIME_SERVERS_H

#include "../backoff.h"
#include "clock.h"
#include "sntp_process.h"

struct time_servers {
    struct loop *loop;
    struct clock *clock;
    struct sntp_order order; /* count 0: there are none, and nobody is asked */
    pid_t pid;               /* 0: the process does not run */
    int reports;
    int64_t started_ms;
    int64_t doubted_ms; /* when a doubt was said last, 0 = never */
    struct backoff backoff;
    struct timer restart;
    bool ended; /* until there are others */
};

void time_servers_open(struct time_servers *servers, struct loop *loop, struct clock *clock);

/* From now on these are asked, in host byte order; the same ones again change nothing. */
void time_servers_ask(struct time_servers *servers, const struct host_address *addresses, int count);

/* These are not asked any more: somebody knows better. */
void time_servers_end(struct time_servers *servers);

/* To be told of every process that has been reaped. True when it was this one. */
bool time_servers_reaped(struct time_servers *servers, pid_t pid);

#endif
