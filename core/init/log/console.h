/* What a person at the device sees: every line goes to every console the kernel was told of
 * (console= on its command line), screen and serial port alike. Never blocks: a console that is
 * slow has its lines kept for a moment, one that hangs loses them and says how many. */
#ifndef FAPWS4_INIT_CONSOLE_H
#define FAPWS4_INIT_CONSOLE_H

#include "log_text.h"
#include "../loop.h"
#include "../span.h"

/* Opens the kernel's consoles. 0, or an errno value when there is none; until then, and then,
 * lines go to fd 2. */
int console_open(struct loop *loop);

/* Gives the log so many bytes in place of POLICY_LOG_FIRST; as many as there were if they are not to
 * be had. */
void console_keep(size_t size);

/* When the kernel started, in ms since 1970, once the clock can be trusted; 0 = not known. */
void console_set_start(int64_t started_ms);

/* Shows one line of somebody else's as it is. */
void console_show(enum log_source source, struct span line);

/* Shows "fapws4: " and the formatted text (at most POLICY_LINE bytes; the rest is cut). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what the next boot should know of: it makes console_warned() true. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line that the next boot should know of, and that somebody else has shown already: only the log
 * gets it. */
void note_warning(enum log_source source, struct span line);

/* As say, for what only a person in front of the device is to read: the log does not have it. */
void confide(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows the end of another run's lines (POLICY_LOG_SHOWN), marked as such. */
void quote(struct span lines);

/* Whether something was said by warn() since the last call. */
bool console_warned(void);

/* The last lines that were shown, POLICY_LOG bytes of them (log_text.h); valid until the next call. */
struct span console_log(void);

/* The lines behind `position` as log_from gives them, POLICY_LOG_ANSWER bytes at most; valid until
 * the next call. */
struct span console_log_from(uint64_t position, uint64_t *next);

/* The position behind the last line. */
uint64_t console_log_end(void);

/* Gives what is still pending up to POLICY_CONSOLE_DRAIN ms to reach the wire. */
void console_drain(void);

#endif
