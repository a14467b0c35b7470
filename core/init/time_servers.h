/* Time servers: which ones there are, the process that asks them (sntp_process.h), and what of its
 * reports becomes the device's time. */
#ifndef FAPWS4_INIT_TIME_SERVERS_H
#define FAPWS4_INIT_TIME_SERVERS_H

#include "backoff.h"
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
    bool ended; /* for good */
};

void time_servers_open(struct time_servers *servers, struct loop *loop, struct clock *clock);

/* Addresses with commas between them, of which what makes no sense and all behind it is left out; how
 * many. */
int time_servers_read(struct span text, uint32_t addresses[SNTP_SERVERS]);

/* From now on these are asked, in host byte order; the same ones again change nothing. */
void time_servers_ask(struct time_servers *servers, const uint32_t *addresses, int count);

/* Nobody is asked any more, whoever there may be: somebody knows better. */
void time_servers_end(struct time_servers *servers);

/* To be told of every process that has been reaped. True when it was this one. */
bool time_servers_reaped(struct time_servers *servers, pid_t pid);

#endif
