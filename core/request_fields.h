/* The header fields that the server itself obeys: Host, Connection, Content-Length,
 * Transfer-Encoding, Expect, and those that decide about a static file. */
#ifndef FAPWS4_REQUEST_FIELDS_H
#define FAPWS4_REQUEST_FIELDS_H

#include "buffer.h"

#include <picohttpparser.h>
#include <stdint.h>

struct request_fields {
    struct slice host;
    struct slice accept_encoding;
    int minor_version;
    bool keep_alive; /* the connection may go on, as far as the client is concerned */
    bool close;      /* the client said "close", which wins over "keep-alive" */
    bool chunked;    /* the body comes in chunks */
    bool expects_continue;
    bool conditional; /* what is sent depends on more than path and accept_encoding */
    bool has_content_length;
    uint64_t content_length;
};

/* Reads them from parsed headers, each of which stands behind a line of the same memory. 0, or the
 * status to refuse the request with: 400 for what is malformed or ambiguous, 417 and 501 for what
 * is not supported. */
int request_fields_read(struct request_fields *fields, const struct phr_header *headers,
                        size_t count, int minor_version);

/* Turns slices of the memory at `from` into slices of a copy of it at `to`. */
void request_fields_move(struct request_fields *fields, const char *from, const char *to);

#endif
