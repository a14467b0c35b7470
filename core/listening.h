/* The listening socket, by plain POSIX calls: whoever holds the descriptor can serve on it. */
#ifndef FAPWS4_LISTENING_H
#define FAPWS4_LISTENING_H

#include "address.h"

/* Binds and listens; address->port becomes the real one. A unix socket's file without a server
 * behind it is replaced. The descriptor (non-blocking, closed by exec), or a negative errno value.
 */
int listening_open(struct address *address);

/* Where a TCP socket listens that somebody else has opened; `is_secure` is left as it is. False when
 * it is none. */
bool listening_read(int fd, struct address *address);

/* TCP connections accepted from now on end once what was sent has stayed unacknowledged for so many
 * seconds: a client whose network has vanished is otherwise held for a quarter of an hour
 * (RFC 5482). Where the system has no such option they end when it gives them up. */
void listening_give_up_after(int fd, unsigned seconds);

/* Removes the file of a unix socket; for who opened it, at the end. */
void listening_remove(const struct address *address);

#endif
