/* The body of a request out of a stream of bytes, piece by piece (RFC 9112 sections 6.2 and 7.1).
 * What becomes of the pieces is not decided here. */
#ifndef FAPWS4_BODY_H
#define FAPWS4_BODY_H

#include "request.h"
#include "trailer.h"

struct body {
    uint64_t limit;  /* bytes; more is refused with 413 */
    uint64_t length; /* bytes taken so far */
    uint64_t left;   /* bytes still to come; unless `chunked` */
    uint64_t overhead; /* bytes around the chunks */
    bool chunked;
    bool whole;
    bool in_trailer; /* behind the last chunk */
    int refusal; /* REFUSED: the status to answer, 400, 413 or 431 */
    struct phr_chunked_decoder decoder;
    struct trailer trailer;
};

/* Fills `body` for what follows a head. REFUSED: it is announced to be longer than `limit`. READY:
 * there is none. */
enum progress body_begin(struct body *body, const struct request_fields *fields, uint64_t limit);

/* Takes the next bytes. `*length` is how many there are at `data`; it becomes how many bytes of the
 * body there are now, at the same place (chunks are decoded there), and `*rest` how many bytes of
 * something else stand behind those: always 0 while WAITING. */
enum progress body_take(struct body *body, char *data, size_t *length, size_t *rest);

#endif
