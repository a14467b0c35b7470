#include "certificate_orders.h"

#include <stdio.h>
#include <string.h>

#include "../machine.h"

static struct certificate *certificate_of(const struct order *order)
{
    struct machine *machine = order->owner;

    return &machine->pages.certificate;
}

/* PEM of a word, at the front of *room, which becomes smaller. */
static struct span unfold(struct span word, char **room)
{
    struct span text = {*room, word.length + 1};

    for (size_t i = 0; i < word.length; i++) {
        char byte = word.start[i];

        *(*room)++ = (char)(byte == '|' ? '\n' : byte == '_' ? ' ' : byte);
    }
    *(*room)++ = '\n';
    return text;
}

struct span certificate_orders_begin(const struct order *order)
{
    static char text[CONTROL_LINE];
    struct certificate *certificate = certificate_of(order);
    struct span rest = order->words, chain, key, more;
    char *room = text;
    bool begun;

    if (!certificate->loop)
        return span_of("refused nothing here is served by https\n");
    if (!span_next_word(&rest, &chain) || !span_next_word(&rest, &key) ||
        span_next_word(&rest, &more))
        return span_of("refused a certificate and its key are wanted\n");
    chain = unfold(chain, &room);
    begun = certificate_give(certificate, chain, unfold(key, &room));
    explicit_bzero(text, sizeof text);
    return begun ? span_of("") : span_of("refused another certificate is being looked at just now\n");
}

bool certificate_orders_due(const struct order *order)
{
    return !certificate_is_busy(certificate_of(order));
}

struct span certificate_orders_tell(const struct order *order)
{
    static char text[sizeof "refused \n" + CERTIFICATE_FAULT];
    const struct certificate *certificate = certificate_of(order);

    if (certificate_is_busy(certificate))
        return span_of("refused it is still being looked at; see the status for what comes of it\n");
    if (!certificate->fault[0])
        return span_of("ok\n");
    snprintf(text, sizeof text, "refused %s\n", certificate->fault);
    return span_of(text);
}
