#include "slot_state.h"

#include <stdio.h>
#include <string.h>

#include "../span.h"

static const char signature[] = "# GRUB Environment Block\n";

/* Digits without a sign or a leading zero: GRUB would take "010" for eight. */
static bool parse_number(struct span digits, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;

    if (digits.length == 0 || (digits.start[0] == '0' && digits.length > 1))
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.start[i] < '0' || digits.start[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits.start[i] - '0');
        if (value > most)
            return false;
    }
    *number = value;
    return true;
}

static bool parse_slot(struct span text, char *slot)
{
    if (!span_equals(text, "a") && !span_equals(text, "b"))
        return false;
    *slot = text.start[0];
    return true;
}

/* The value of the line "KEY=VALUE\n" that must stand at the front of *rest. An empty value is
 * one. */
static bool take_value(struct span *rest, const char *key, struct span *value)
{
    const char *end;

    if (!span_skip(rest, key) || !(end = memchr(rest->start, '\n', rest->length)))
        return false;
    *value = (struct span){rest->start, (size_t)(end - rest->start)};
    rest->length -= value->length + 1;
    rest->start = end + 1;
    return true;
}

/* `end` as it must be. */
static void format_end(const struct slot_state *state, char out[32])
{
    char trial[2] = {state->trial, '\0'};

    snprintf(out, 32, "%llu.%c.%s.%u", (unsigned long long)state->seq, state->good, trial,
             state->tries);
}

static bool parse_fields(struct span seq, struct span good, struct span trial, struct span tries,
                         struct slot_state *state)
{
    uint64_t left = 0;
    bool makes_sense;

    *state = (struct slot_state){0};
    makes_sense = parse_number(seq, SLOT_STATE_LAST_SEQ, &state->seq) &&
                  parse_slot(good, &state->good) &&
                  (trial.length == 0 || parse_slot(trial, &state->trial)) &&
                  parse_number(tries, SLOT_STATE_MOST_TRIES, &left);
    state->tries = (unsigned)left;
    return makes_sense;
}

/* What stands behind the last field is padding, or the rest of a longer state that was there
 * before: neither GRUB nor this looks at it. */
bool slot_state_parse(const char sector[SLOT_STATE_SIZE], struct slot_state *state)
{
    struct span rest = {sector, SLOT_STATE_SIZE};
    struct span seq, good, trial, tries, end;
    char expected[32];

    if (!span_skip(&rest, signature) || !take_value(&rest, "seq=", &seq) ||
        !take_value(&rest, "good=", &good) || !take_value(&rest, "try=", &trial) ||
        !take_value(&rest, "tries=", &tries) || !take_value(&rest, "end=", &end))
        return false;
    if (!parse_fields(seq, good, trial, tries, state))
        return false;
    format_end(state, expected);
    return span_equals(end, expected);
}

/* Takes the text up to the next '.', or the rest, off the front of *rest. */
static struct span take_field(struct span *rest)
{
    const char *end = rest->length ? memchr(rest->start, '.', rest->length) : NULL;
    struct span field = {rest->start, end ? (size_t)(end - rest->start) : rest->length};
    size_t taken = field.length + (end ? 1 : 0);

    *rest = (struct span){rest->start + taken, rest->length - taken};
    return field;
}

bool slot_state_parse_end(const char *text, struct slot_state *state)
{
    struct span rest = span_of(text);
    struct span seq = take_field(&rest), good = take_field(&rest), trial = take_field(&rest);

    return parse_fields(seq, good, trial, rest, state);
}

void slot_state_format(const struct slot_state *state, char sector[SLOT_STATE_SIZE])
{
    char text[SLOT_STATE_SIZE], end[32], trial[2] = {state->trial, '\0'};
    int length;

    format_end(state, end);
    length = snprintf(text, sizeof text, "%sseq=%llu\ngood=%c\ntry=%s\ntries=%u\nend=%s\n",
                      signature, (unsigned long long)state->seq, state->good, trial, state->tries,
                      end);
    memset(sector, '#', SLOT_STATE_SIZE);
    memcpy(sector, text, (size_t)length);
}

static bool is_newer(const struct slot_state *one, const struct slot_state *other)
{
    return one->seq > other->seq || (one->seq == other->seq && one->tries < other->tries);
}

int slot_state_choose(const char first[SLOT_STATE_SIZE], const char second[SLOT_STATE_SIZE],
                      struct slot_state *state)
{
    struct slot_state one, other;
    bool one_counts = slot_state_parse(first, &one);

    if (slot_state_parse(second, &other) && (!one_counts || is_newer(&other, &one))) {
        *state = other;
        return 1;
    }
    *state = one_counts ? one : (struct slot_state){.good = 'a'};
    return one_counts ? 0 : -1;
}

char slot_state_start(struct slot_state *state)
{
    if (state->trial == 0 || state->tries == 0)
        return state->good;
    state->tries--;
    return state->trial;
}

struct slot_state slot_state_arm(struct slot_state state, char slot)
{
    return (struct slot_state){state.seq + 1, state.good, slot, 1};
}

struct slot_state slot_state_confirm(struct slot_state state)
{
    return (struct slot_state){state.seq + 1, state.trial ? state.trial : state.good, 0, 0};
}

struct slot_state slot_state_give_up(struct slot_state state)
{
    return (struct slot_state){state.seq + 1, state.good, 0, 0};
}
