/* The other end of session.h: a bundle in a file is given to the updater of this device. */
#ifndef FAPWS4_UPDATE_SENDER_H
#define FAPWS4_UPDATE_SENDER_H

#include "bundle.h"

enum { SENDER_ANSWER = 512 };

/* Sends the head of the bundle, its first `head` bytes, and then those parts that are wanted. Into
 * answer[] goes the last line that the updater says, "installed ..." or "refused ...", or one like
 * the latter when the file or the updater has gone. `bundle` has been opened (head.h). */
void sender_send(int file, const struct bundle *bundle, uint64_t head, int session,
                 char answer[SENDER_ANSWER]);

#endif
