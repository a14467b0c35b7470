/* A SIGHUP may be a person's wish to have something read anew, or the kernel's word that the terminal
 * is gone in which the program was started. */
#ifndef FAPWS4_TERMINAL_H
#define FAPWS4_TERMINAL_H

#include <signal.h>
#include <stdbool.h>

/* Notes whether SIGHUP is ignored, as under nohup: then the program outlives its terminal. Before it
 * is heard. */
void terminal_prepare(void);

/* True when the program should end with its terminal. Async-signal-safe. Where the system does not
 * tell the two apart, false. */
bool terminal_is_gone(int number, const siginfo_t *info);

#endif
