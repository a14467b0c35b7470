/* A body that lies in a file: on Linux the kernel moves it to the socket by itself (sendfile), else,
 * and under TLS, block by block through here. */
#ifndef FAPWS4_FILE_BODY_H
#define FAPWS4_FILE_BODY_H

#include "response.h"
#include "wire.h"

/* Sends `head` and as much of the body as the socket takes, at most LIMIT_FILE_TURN bytes, and queues
 * the next block behind that unless it was all; `block` is memory for it, emptied afterwards.
 * SENT: nothing is queued, `file->left` is 0. QUEUED: go on after on_sent, with an empty head, when
 * `file->left` is not 0. LOST: close the wire; the client has gone, or the file has become shorter.
 * Not while something is queued. */
enum sent file_body_send(struct wire *wire, struct slice head, struct file_part *file,
                         struct buffer *block);

#endif
