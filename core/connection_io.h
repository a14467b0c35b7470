/* The bytes of a connection: where they arrive, what is kept of them, and how answers are sent. */
#ifndef FAPWS4_CONNECTION_IO_H
#define FAPWS4_CONNECTION_IO_H

#include "connection.h"

/* ---- sending ---- */

/* What the exchange has gathered. */
struct slice connection_output(const struct exchange *x);

/* `length` bytes were handed over to the wire, unless they are lost. */
void connection_note_sent(struct connection *c, size_t length, enum sent sent);

/* Writes what the exchange has gathered, and then as much of the file as the socket takes; the phase
 * is WRITING afterwards when some of it was queued. */
void connection_flush(struct connection *c);

/* ---- receiving ---- */

/* For the wire: where the next bytes are put. */
uv_buf_t connection_room(struct wire *wire);

/* Keeps what was not consumed; `rest` lies in the shared buffer or inside `pending`. */
void connection_keep(struct connection *c, struct input rest);

/* True when the client has sent more than can be dealt with now. */
bool connection_is_ahead(const struct connection *c);

/* Stops reading from a client that is ahead. */
void connection_throttle(struct connection *c);

#endif
