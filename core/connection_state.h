/* What a connection holds, what it waits for and until when, and how it ends. */
#ifndef FAPWS4_CONNECTION_STATE_H
#define FAPWS4_CONNECTION_STATE_H

#include "connection.h"

/* The connection of a wire, which is its first member. */
static inline struct connection *connection_of(struct wire *wire)
{
    return (struct connection *)wire;
}

/* Nothing further is answered to this client for now. */
bool connection_is_busy(const struct connection *c);

/* True when DEBUG asks for traces of this level. */
bool connection_traces(const struct connection *c, int level);

/* The phase, for traces. */
const char *connection_phase(const struct connection *c);

/* Sets the phase, and its deadline. */
void connection_enter(struct connection *c, enum phase phase);

/* The same for BODY: who sends a body a few bytes at a time gets no more time by that. */
void connection_enter_body(struct connection *c);

/* Reads again after a pause, if there was one. */
void connection_resume(struct connection *c);

/* To be called behind everything that may happen to a connection but its accepting: work of its own
 * is kept exactly as long as there is some. */
void connection_settle(struct connection *c);

/* Ends it; a client that may still be sending is listened to until it has noticed. */
void connection_finish(struct connection *c);

/* For the wire: libuv is done with it. */
void connection_on_closed(struct wire *wire);

#endif
