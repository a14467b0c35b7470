/* The clock of a device: set at the start to the best that is known (clock_choice.h), then by time
 * servers (time_servers.h) or by somebody who has looked at a watch. PID 1's own timers never depend
 * on it (loop_now). */
#ifndef FAPWS4_INIT_CLOCK_H
#define FAPWS4_INIT_CLOCK_H

#include "clock_choice.h"
#include "../network/host_address.h"
#include "../loop.h"

struct clock {
    struct loop *loop;
    int64_t built;
    bool kept; /* /data is on the disk */
    bool trusted;
    enum clock_source source;
    char server[INET6_TEXT_SIZE]; /* for CLOCK_SNTP */
    int64_t saved;               /* what was saved, as seconds since 1970; 0 = nothing */
    struct timer daily;
};

/* Sets the clock as well as it can be before there is /data. */
void clock_open(struct clock *clock, struct loop *loop, int64_t built);

/* Once /data is there: what the last run has saved counts too. `kept`: this run saves for the
 * next one. */
void clock_learn(struct clock *clock, bool kept);

/* A time server has told what time it was at loop_now's 0, in us since 1970. False when that cannot
 * be, or the clock cannot be set. */
bool clock_take(struct clock *clock, int64_t started_us, const struct host_address *server);

/* What time it was at loop_now's 0, in us since 1970, as far as that is known for certain; 0 = it is
 * not. */
int64_t clock_known_us(const struct clock *clock);

/* Somebody says that it is `seconds` now, earlier than it was perhaps. False when that cannot be,
 * or the clock cannot be set. */
bool clock_order(struct clock *clock, int64_t seconds);

/* Saves the time: before the machine ends, and when /data is written anyhow. */
void clock_save(struct clock *clock);

/* "trusted sntp 10.0.2.2", "untrusted build" and the like. */
enum { CLOCK_TEXT = 64 };
void clock_text(const struct clock *clock, char text[CLOCK_TEXT]);

#endif
