/* The trailer section behind a chunked body (RFC 9112 section 7.1.2), byte by byte: it is read to its
 * end and dropped (RFC 9110 section 6.5.1: nothing in it may be merged into the fields). */
#ifndef FAPWS4_TRAILER_H
#define FAPWS4_TRAILER_H

#include "buffer.h"

/* Zeroed: the last chunk has been read. */
struct trailer {
    size_t length; /* bytes taken so far */
    enum { TRAILER_LINE, TRAILER_NAME, TRAILER_VALUE, TRAILER_CR, TRAILER_LAST_CR } at;
    bool whole;
};

/* Takes bytes up to the empty line that ends the section; `*taken` is how many. 0, or the status to
 * refuse with: 400 for a malformed line, 431 for more than LIMIT_HEAD bytes. */
int trailer_take(struct trailer *trailer, struct slice data, size_t *taken);

#endif
