#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "../log/record.h"
#include "rtc.h"

static const char path[] = RECORD_FOLDER "/clock";

enum {
    DAY = 86400,        /* s */
    STEP = 500000,      /* us: what is less is made up for by a clock that goes a little wrong */
    ALREADY = 2 * 1000, /* ms: the kernel has set the clock by the RTC, to the millisecond */
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int set_us(int64_t time)
{
    struct timespec wanted = {.tv_sec = (time_t)(time / 1000000), .tv_nsec = time % 1000000 * 1000};

    return clock_settime(CLOCK_REALTIME, &wanted) == 0 ? 0 : errno;
}

/* At most half a millisecond in a second: nobody sees time stand still or go back. */
static int slew_us(int64_t offset)
{
    struct timex wanted = {.modes = ADJ_OFFSET_SINGLESHOT, .offset = (long)offset};

    return adjtimex(&wanted) >= 0 ? 0 : errno;
}

static void show(const struct clock *clock)
{
    time_t now = (time_t)(now_us() / 1000000);
    char text[32] = "", how[CLOCK_TEXT];
    struct tm parts;

    if (gmtime_r(&now, &parts))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    clock_text(clock, how);
    say("clock: %s, %s", text, how);
}

static void mark(const struct clock *clock)
{
    console_set_start(clock->trusted ? now_us() / 1000 - loop_now() : 0);
}

/* Without a driver for the RTC the kernel may have read it all the same, before it started us. */
static int64_t rtc(bool first, enum clock_source source)
{
    int64_t seconds = rtc_read();

    return seconds == 0 && (first || source == CLOCK_RTC) ? now_us() / 1000000 : seconds;
}

static void choose(struct clock *clock, const struct clock_saved *saved, bool first)
{
    struct clock_choice choice = clock_choose(clock->built, saved, rtc(first, clock->source));
    int64_t ahead_ms = choice.seconds * 1000 - now_us() / 1000;

    if (ahead_ms > ALREADY || ahead_ms < -ALREADY)
        try_to("set the clock", set_us(choice.seconds * 1000000));
    clock->source = choice.source;
    clock->trusted = choice.trusted;
    mark(clock);
}

static void daily_fired(void *owner)
{
    clock_save(owner);
}

void clock_open(struct clock *clock, struct loop *loop, int64_t built)
{
    const struct clock_saved nothing = {0};

    *clock = (struct clock){.loop = loop, .built = built};
    clock->daily = (struct timer){.fired = daily_fired, .owner = clock};
    choose(clock, &nothing, true);
}

void clock_learn(struct clock *clock, bool kept)
{
    char text[CLOCK_SAVED_SIZE];
    struct clock_saved saved = clock_saved_parse(file_read(path, text, sizeof text));

    clock->kept = kept;
    clock->saved = saved.seconds;
    choose(clock, &saved, false);
    show(clock);
    loop_set(clock->loop, &clock->daily, DAY * 1000);
}

/* For a device whose power is cut every evening: a day may be over that it has not seen. */
static void save_if_due(struct clock *clock)
{
    int64_t since = now_us() / 1000000 - clock->saved;

    if (since >= DAY || since < 0)
        clock_save(clock);
}

/* The clock is right from now on. */
static void trust(struct clock *clock, enum clock_source source)
{
    int error = rtc_write(now_us() / 1000000);

    clock->trusted = true;
    clock->source = source;
    mark(clock);
    if (error && error != ENOENT)
        try_to("set the clock that goes on without power", error);
}

int64_t clock_known_us(const struct clock *clock)
{
    return clock->trusted ? now_us() - loop_now() * 1000 : 0;
}

bool clock_take(struct clock *clock, int64_t started_us, const struct host_address *server)
{
    int64_t running = loop_now() * 1000, wanted, offset;
    bool step, known = clock->source == CLOCK_SNTP;

    if (!clock_is_possible(clock->built, started_us / 1000000 + running / 1000000))
        return false;
    wanted = started_us + running;
    offset = wanted - now_us();
    step = offset > STEP || offset < -STEP;
    if (!try_to("set the clock", step ? set_us(wanted) : slew_us(offset)))
        return false;
    host_address_text(server, clock->server);
    if (step || !known) {
        trust(clock, CLOCK_SNTP);
        show(clock);
    }
    mark(clock);
    save_if_due(clock);
    return true;
}

bool clock_order(struct clock *clock, int64_t seconds)
{
    if (!clock_is_possible(clock->built, seconds) ||
        !try_to("set the clock", set_us(seconds * 1000000)))
        return false;
    trust(clock, CLOCK_OPERATOR);
    show(clock);
    clock_save(clock);
    return true;
}

void clock_save(struct clock *clock)
{
    struct clock_saved saved = {now_us() / 1000000, clock->trusted};
    char text[CLOCK_SAVED_SIZE];

    loop_set(clock->loop, &clock->daily, DAY * 1000);
    if (!clock->kept)
        return;
    clock_saved_format(&saved, text);
    if (try_to("save the time", file_keep(path, span_of(text))))
        clock->saved = saved.seconds;
    if (saved.trusted)
        rtc_write(saved.seconds);
}

void clock_text(const struct clock *clock, char text[CLOCK_TEXT])
{
    snprintf(text, CLOCK_TEXT, "%s %s%s%s", clock->trusted ? "trusted" : "untrusted",
             clock_source_name(clock->source), clock->source == CLOCK_SNTP ? " " : "",
             clock->source == CLOCK_SNTP ? clock->server : "");
}
