/* What a person at the device sees: every line goes to every console the kernel was told of
 * (console= on its command line), screen and serial port alike. Never blocks: a console that is
 * slow has its lines kept for a moment, one that hangs loses them and says how many. */
#ifndef FAPWS4_INIT_CONSOLE_H
#define FAPWS4_INIT_CONSOLE_H

#include "loop.h"
#include "span.h"

/* Opens the kernel's consoles. 0, or an errno value when there is none; until then, and then,
 * lines go to fd 2. */
int console_open(struct loop *loop);

/* Shows one line as it is. */
void console_show(struct span line);

/* Shows "fapws4: " and the formatted text (at most POLICY_LINE bytes; the rest is cut). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what the next boot should know of: it makes console_warned() true. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what somebody else has shown already: only the log gets it. */
void note_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As say, for what only a person in front of the device is to read: the log does not have it. */
void confide(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows the end of another run's lines (POLICY_LOG_SHOWN), marked as such. */
void quote(struct span lines);

/* Whether something was said by warn() since the last call. */
bool console_warned(void);

/* The last lines that were shown, until the next one is. */
struct span console_log(void);

/* Gives what is still pending up to POLICY_CONSOLE_DRAIN ms to reach the wire. */
void console_drain(void);

#endif
