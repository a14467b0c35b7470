/* A factory reset, whoever wants it: ordered now, done at the next start (storage/reset_order.h). */
#ifndef FAPWS4_INIT_RESET_H
#define FAPWS4_INIT_RESET_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

/* Orders it; the restart is the caller's. `stick`: the one that wants it (updates/reset_file.h), or 0.
 * NULL, or why it cannot be, as a sentence for people. */
const char *reset_give(struct machine *machine, uint32_t stick);

/* For sticks_open. With `now` it restarts the device as well. A stick gets its will once. */
const char *reset_by_stick(void *machine, uint32_t stick, bool now);

#endif
