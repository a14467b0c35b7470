/* What time a device takes it to be when it starts, before anybody has told it. Pure; seconds since
 * 1970, 0 = not known. */
#ifndef FAPWS4_INIT_CLOCK_CHOICE_H
#define FAPWS4_INIT_CLOCK_CHOICE_H

#include <stdint.h>

#include "../span.h"

enum clock_source { CLOCK_BUILD, CLOCK_SAVED, CLOCK_RTC, CLOCK_SNTP, CLOCK_OPERATOR };

/* bytes, with NUL */
enum { CLOCK_SAVED_SIZE = 40 };

/* What a run leaves for the next on /data. */
struct clock_saved {
    int64_t seconds;
    bool trusted; /* it was not merely the best guess */
};

struct clock_choice {
    int64_t seconds;
    enum clock_source source; /* CLOCK_BUILD, CLOCK_SAVED or CLOCK_RTC */
    bool trusted;
};

/* Whether a device of an image built then may be told such a time: not before, and at most 20 years
 * later. */
bool clock_is_possible(int64_t built, int64_t seconds);

/* The last moment that is. */
int64_t clock_latest(int64_t built);

/* The latest of the three, of which what is not possible is ignored. It is trusted when it is the
 * RTC's, and that has gone on from a saved time that was trusted: it was set by it then, and a
 * battery that fails sets a clock back. */
struct clock_choice clock_choose(int64_t built, const struct clock_saved *saved, int64_t rtc);

/* "SECONDS trusted\n", or "SECONDS untrusted\n". */
void clock_saved_format(const struct clock_saved *saved, char text[CLOCK_SAVED_SIZE]);

/* Zeroed when `text` is no such. */
struct clock_saved clock_saved_parse(struct span text);

/* "rtc", "saved", "build", "sntp" or "operator" */
const char *clock_source_name(enum clock_source source);

#endif
