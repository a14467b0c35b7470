/* The signals of a process that serves, as news for its loop. */
#ifndef FAPWS4_PROCESS_SIGNALS_H
#define FAPWS4_PROCESS_SIGNALS_H

#include <uv.h>

/* From now on SIGTERM, SIGINT and the end of the terminal are sent to `stop`, SIGHUP to `hangup`,
 * SIGUSR1 to `profile`; a second SIGTERM or SIGINT ends the process at once, with status 128 + its
 * number. Without `hangup` the process is a worker: SIGINT and SIGHUP, which a terminal sends to all
 * of its processes, are the supervisor's. */
void process_signals_hear(uv_async_t *stop, uv_async_t *hangup, uv_async_t *profile);

/* The handles are no more: a signal to stop now ends the process. */
void process_signals_forget(void);

#endif
