/* How the machine was in the last hour: one row a minute, kept as long as it runs. Only where there is
 * a manager that could show it. */
#ifndef FAPWS4_INIT_SAMPLES_H
#define FAPWS4_INIT_SAMPLES_H

#include <stdint.h>

#include "../loop.h"
#include "../span.h"

enum { SAMPLES = 60, SAMPLES_TEXT = SAMPLES * 48 };

struct sample {
    uint32_t uptime; /* s */
    uint32_t load;   /* hundredths of processes that run or wait, on average over a minute */
    uint32_t free;   /* KiB that programs could still get */
};

struct samples {
    struct loop *loop;
    struct timer timer;
    unsigned taken; /* since the start; the last ones are kept */
    struct sample rows[SAMPLES];
};

/* Begins to take them. */
void samples_open(struct samples *samples, struct loop *loop);

/* Lines `UPTIME LOAD FREE`, the oldest first. Their length. */
size_t samples_format(const struct samples *samples, char text[SAMPLES_TEXT]);

/* The numbers in the texts of /proc/loadavg and /proc/meminfo; 0 for what is not there. Pure. */
struct sample sample_of(struct span load, struct span memory);

#endif
