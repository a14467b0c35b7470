#include "log_orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../update/text.h"
#include "console.h"

static bool read_position(const struct order *order, uint64_t *position)
{
    struct span rest = order->words, word;

    return span_next_word(&rest, &word) && text_number(word, INT64_MAX, position) &&
           !span_next_word(&rest, &word);
}

struct span log_orders_tell(const struct order *order)
{
    static char text[32 + POLICY_LOG_ANSWER];
    uint64_t position, next;
    struct span lines;
    size_t head;

    if (!read_position(order, &position))
        return span_of("refused it takes one number, a position in the log\n");
    lines = console_log_from(position, &next);
    head = (size_t)snprintf(text, 32, "%" PRIu64 "\n", next);
    memcpy(text + head, lines.start, lines.length);
    return (struct span){text, head + lines.length};
}

/* A position that is no number, or was never reached, is answered at once too. */
bool log_orders_due(const struct order *order)
{
    uint64_t position;

    return !read_position(order, &position) || position != console_log_end();
}
