/* Status codes of RFC 9110 section 15 and the reason phrases that go with them. */
#ifndef FAPWS4_STATUS_H
#define FAPWS4_STATUS_H

#include <stdbool.h>

/* The reason phrase of a code, for example "Not Found" for 404; "Unknown" for a code without one.
 * */
const char *status_reason(int code);

/* False for 1xx, 204 and 304, whose responses never have a body (RFC 9112 section 6.3). */
bool status_has_body(int code);

#endif
