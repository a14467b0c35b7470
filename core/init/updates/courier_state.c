#include "courier_state.h"

#include <stdio.h>
#include <string.h>

#include "../../update/text.h"

/* What comes from outside is shown to people: as printable ASCII. */
static void copy_shown(struct span text, char *out, size_t size)
{
    size_t length = text.length < size ? text.length : size - 1;

    for (size_t i = 0; i < length; i++)
        out[i] = text.start[i] >= ' ' && text.start[i] <= '~' ? text.start[i] : '?';
    out[length] = '\0';
}

static enum courier_act end(struct courier_state *state, enum courier_act act)
{
    state->phase = COURIER_IDLE;
    return act;
}

static enum courier_act fault(struct courier_state *state)
{
    snprintf(state->text, sizeof state->text, "what looks for updates has said what it may not");
    return end(state, COURIER_TELL);
}

void courier_state_begin(struct courier_state *state, bool automatic, const char *failed)
{
    state->phase = COURIER_LOOKS;
    state->automatic = automatic;
    state->failed = failed;
    state->counter = 0;
    state->version[0] = state->where[0] = state->text[0] = '\0';
}

static bool has_failed(const struct courier_state *state)
{
    struct span failed = span_of(state->failed);

    return span_skip(&failed, "version ") && span_skip(&failed, state->version) &&
           span_skip(&failed, " ");
}

static bool take_version(struct span *text, struct courier_state *state)
{
    struct span word;

    return text_word(text, &word) &&
           text_name(word, "-_.+~:", state->version, sizeof state->version);
}

static bool take_counter(struct span *text, struct courier_state *state)
{
    struct span word;

    return text_word(text, &word) && text_number(word, INT64_MAX, &state->counter);
}

static enum courier_act hear_offer(struct courier_state *state, struct span text)
{
    if (!take_counter(&text, state) || !take_version(&text, state) || text.length == 0)
        return fault(state);
    copy_shown(text, state->where, sizeof state->where);
    state->phase = COURIER_OFFERS;
    return state->automatic && !has_failed(state) ? courier_state_agree(state) : COURIER_ASK;
}

static enum courier_act hear_reset(struct courier_state *state, struct span text)
{
    if (!text_number(text, UINT32_MAX, &state->stick) || state->stick == 0)
        return fault(state);
    snprintf(state->text, sizeof state->text, "orders a factory reset");
    return end(state, COURIER_RESET);
}

static enum courier_act hear_installed(struct courier_state *state, struct span text)
{
    if (!take_version(&text, state) || !take_counter(&text, state) || text.length > 0)
        return fault(state);
    snprintf(state->text, sizeof state->text, "version %s is installed", state->version);
    return end(state, COURIER_TELL);
}

static enum courier_act hear_refused(struct courier_state *state, struct span text)
{
    size_t used = (size_t)snprintf(state->text, sizeof state->text, "%s is refused: ", state->where);

    copy_shown(text, state->text + used, sizeof state->text - used);
    return end(state, COURIER_TELL);
}

enum courier_act courier_state_hear(struct courier_state *state, struct span packet)
{
    if (state->phase == COURIER_LOOKS && span_skip(&packet, "offer "))
        return hear_offer(state, packet);
    if (state->phase == COURIER_LOOKS && state->resets && span_skip(&packet, "reset "))
        return hear_reset(state, packet);
    if (state->phase == COURIER_LOOKS && span_skip(&packet, "seen ")) {
        copy_shown(packet, state->seen, sizeof state->seen);
        return COURIER_WAIT;
    }
    if (state->phase == COURIER_LOOKS && span_skip(&packet, "nothing ")) {
        copy_shown(packet, state->text, sizeof state->text);
        return end(state, packet.length > 0 ? COURIER_TELL : COURIER_QUIT);
    }
    if (state->phase == COURIER_INSTALLS && span_skip(&packet, "installed "))
        return hear_installed(state, packet);
    if (state->phase == COURIER_INSTALLS && span_skip(&packet, "refused "))
        return hear_refused(state, packet);
    return fault(state);
}

enum courier_act courier_state_agree(struct courier_state *state)
{
    if (state->phase != COURIER_OFFERS)
        return COURIER_WAIT;
    state->phase = COURIER_INSTALLS;
    return COURIER_INSTALL;
}

enum courier_act courier_state_lose(struct courier_state *state)
{
    bool installed = state->phase == COURIER_INSTALLS;

    if (state->phase == COURIER_IDLE)
        return COURIER_WAIT;
    if (state->phase == COURIER_LOOKS)
        return end(state, COURIER_QUIT);
    snprintf(state->text, sizeof state->text, "%s is gone%s", state->where,
             installed ? " before it was read to its end; nothing is changed" : "");
    return end(state, COURIER_TELL);
}
