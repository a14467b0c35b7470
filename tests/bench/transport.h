/* How the load generator's connections carry bytes: in the clear (transport_plain.c) or by TLS
 * (transport_tls.c). Each is linked into a program of its own. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <sys/types.h>
#include <sys/uio.h>

struct transport;

/* Takes over a connected socket; with TLS, shakes hands. Ends the program when that fails. */
struct transport *transport_open(int descriptor);

/* Sends all of it, which the socket's buffer has room for. False when the server has closed. */
int transport_send(struct transport *transport, const struct iovec *parts, int count);

/* Bytes received, 0 when the server has closed, -1 when there is nothing (yet). */
ssize_t transport_receive(struct transport *transport, void *bytes, size_t size);

/* Closes the socket too. */
void transport_close(struct transport *transport);

#endif
