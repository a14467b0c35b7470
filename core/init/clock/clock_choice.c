#include "clock_choice.h"

#include <inttypes.h>
#include <stdio.h>

#include "../../update/text.h"

static const int64_t life = INT64_C(20) * 36525 * 864; /* seconds of 20 years */

int64_t clock_latest(int64_t built)
{
    return built + life;
}

bool clock_is_possible(int64_t built, int64_t seconds)
{
    return seconds >= built && seconds <= clock_latest(built);
}

struct clock_choice clock_choose(int64_t built, const struct clock_saved *saved, int64_t rtc)
{
    bool kept = clock_is_possible(built, saved->seconds);
    struct clock_choice choice = {built, CLOCK_BUILD, false};

    if (kept)
        choice = (struct clock_choice){saved->seconds, CLOCK_SAVED, false};
    if (clock_is_possible(built, rtc) && rtc >= choice.seconds)
        choice = (struct clock_choice){rtc, CLOCK_RTC, kept && saved->trusted};
    return choice;
}

void clock_saved_format(const struct clock_saved *saved, char text[CLOCK_SAVED_SIZE])
{
    snprintf(text, CLOCK_SAVED_SIZE, "%" PRId64 " %s\n", saved->seconds,
             saved->trusted ? "trusted" : "untrusted");
}

struct clock_saved clock_saved_parse(struct span text)
{
    struct clock_saved saved = {0};
    struct span line, word;
    uint64_t seconds;

    if (!span_next_line(&text, &line) || !span_next_word(&line, &word) ||
        !text_number(word, INT64_MAX, &seconds) || !span_next_word(&line, &word))
        return saved;
    saved.trusted = span_equals(word, "trusted");
    if (saved.trusted || span_equals(word, "untrusted"))
        saved.seconds = (int64_t)seconds;
    return saved;
}

const char *clock_source_name(enum clock_source source)
{
    static const char *const names[] = {"build", "saved", "rtc", "sntp", "operator"};

    return names[source];
}
