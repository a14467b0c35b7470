#include "clock_orders.h"

#include <stdio.h>
#include <string.h>

#include "../../update/text.h"
#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "../kept_settings.h"
#include "../machine.h"

static const char done[] = "ok\n";

struct span clock_orders_set(const struct order *order)
{
    struct machine *machine = order->owner;
    struct span rest = order->words, word;
    uint64_t seconds;

    if (!span_next_word(&rest, &word) || !text_number(word, INT64_MAX, &seconds) ||
        span_next_word(&rest, &word))
        return span_of("refused it takes one number, the seconds since 1970\n");
    if (!clock_is_possible(machine->clock.built, (int64_t)seconds))
        return span_of("refused that is before this version was built, or more than 20 years after\n");
    time_servers_end(&machine->time_servers);
    return span_of(clock_order(&machine->clock, (int64_t)seconds)
                       ? done
                       : "refused the clock cannot be set; see the log\n");
}

/* The order's words as entries of settings.h; false when there are not two of them. */
static bool write_entries(struct span words, char *text, size_t size)
{
    struct span name, rule;
    int length;

    if (!span_next_word(&words, &name) || !span_next_word(&words, &rule) ||
        span_next_word(&words, &(struct span){0}))
        return false;
    length = snprintf(text, size, "timezone %zu\n%.*s\ntz %zu\n%.*s\n", name.length,
                      (int)name.length, name.start, rule.length, (int)rule.length, rule.start);
    return length > 0 && (size_t)length < size;
}

struct span clock_orders_set_zone(const struct order *order)
{
    struct machine *machine = order->owner;
    struct settings settings;
    char text[256];

    if (!write_entries(order->words, text, sizeof text) ||
        !settings_parse(span_of(text), &settings))
        return span_of("refused it takes the name of a time zone and its POSIX rule\n");
    if (machine->record.kept && !try_to("keep the time zone",
                                        file_keep(KEPT_TIMEZONE, span_of(text))))
        return span_of("refused the time zone cannot be kept; see the log\n");
    memcpy(machine->zone, settings.zone, sizeof machine->zone);
    memcpy(machine->app.timezone, settings.timezone, sizeof machine->app.timezone);
    say("time zone: %s, from the next start of %s on", machine->zone, machine->config.name);
    clock_save(&machine->clock);
    return span_of(done);
}
