/* Bytes of a child's stdout and stderr in, lines fit for a terminal out: cut at '\n', at most
 * POLICY_LINE long, control characters (an escape sequence could blank or reprogram the screen)
 * shown as '?'. UTF-8 passes. */
#ifndef FAPWS4_INIT_RELAY_H
#define FAPWS4_INIT_RELAY_H

#include "../policy.h"
#include "../span.h"

/* Zeroed is an empty relay. */
struct relay {
    char line[POLICY_LINE];
    size_t used;
};

/* Eats from the front of *input until a line is complete. True: *line is it, without '\n', valid
 * until the next call. False: all of *input is eaten. */
bool relay_next(struct relay *relay, struct span *input, struct span *line);

/* The last, unfinished line, once the child has ended. False when there is none. */
bool relay_rest(struct relay *relay, struct span *line);

#endif
