/* The usual request line, read quickly. */
#ifndef FAPWS4_REQUEST_LINE_H
#define FAPWS4_REQUEST_LINE_H

#include "request.h"

/* Reads a line such as "GET /path?query HTTP/1.1" at the start of `data`: the number of its bytes with
 * its CRLF, and `request` has method, text, target, path and minor_version. 0 for all that is not whole,
 * not in origin-form, not HTTP/1.1, too long or not right: to be judged by a slower reader. */
size_t request_line_take(struct request *request, const char *data, size_t length);

#endif
