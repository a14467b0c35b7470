#include "samples.h"

#include <stdio.h>

#include "../file.h"
#include "../policy.h"

static uint32_t digits(struct span *rest)
{
    uint32_t number = 0;

    while (rest->length > 0 && rest->start[0] >= '0' && rest->start[0] <= '9') {
        number = number * 10 + (uint32_t)(rest->start[0] - '0');
        rest->start++;
        rest->length--;
    }
    return number;
}

/* "0.07 0.12 ..." */
static uint32_t load_of(struct span text)
{
    uint32_t whole = digits(&text);

    return span_skip(&text, ".") ? whole * 100 + digits(&text) : 0;
}

/* "MemAvailable:    39000 kB" among other lines */
static uint32_t free_of(struct span text)
{
    struct span line;

    while (span_next_line(&text, &line)) {
        if (!span_skip(&line, "MemAvailable:"))
            continue;
        while (span_skip(&line, " "))
            ;
        return digits(&line);
    }
    return 0;
}

struct sample sample_of(struct span load, struct span memory)
{
    return (struct sample){0, load_of(load), free_of(memory)};
}

static void fired(void *owner)
{
    struct samples *samples = owner;
    struct sample *row = &samples->rows[samples->taken % SAMPLES];
    char load[64], memory[512];

    *row = sample_of(file_read("/proc/loadavg", load, sizeof load),
                     file_read("/proc/meminfo", memory, sizeof memory));
    row->uptime = (uint32_t)(loop_now() / 1000);
    samples->taken++;
    loop_set(samples->loop, &samples->timer, POLICY_SAMPLE_EVERY);
}

void samples_open(struct samples *samples, struct loop *loop)
{
    *samples = (struct samples){.loop = loop};
    samples->timer = (struct timer){.fired = fired, .owner = samples};
    fired(samples);
}

size_t samples_format(const struct samples *samples, char text[SAMPLES_TEXT])
{
    unsigned count = samples->taken < SAMPLES ? samples->taken : SAMPLES;
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = samples->taken - count; i < samples->taken; i++) {
        const struct sample *row = &samples->rows[i % SAMPLES];

        used += (size_t)snprintf(text + used, SAMPLES_TEXT - used, "%u %u %u\n", row->uptime,
                                 row->load, row->free);
    }
    return used;
}
