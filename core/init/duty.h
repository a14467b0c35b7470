/* The two policies for a duty that fails, told where it is called (as in erlinit). A duty
 * answers 0 or an errno value; `what` completes the sentence "fapws4: cannot WHAT: No such
 * device". */
#ifndef FAPWS4_INIT_DUTY_H
#define FAPWS4_INIT_DUTY_H

#include <stdbool.h>

/* Says so when it failed and goes on. True when it succeeded. */
bool try_to(const char *what, int error);

/* For the few things without which nothing could be seen or run: says so, waits ten seconds for
 * a reader and restarts the machine, so that the boot loader counts the failed try. Never a
 * kernel panic. */
void must(const char *what, int error);

#endif
