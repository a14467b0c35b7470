/* What a handler told start_response, as the head of the response. */
#ifndef FAPWS4_RESPONSE_HEAD_H
#define FAPWS4_RESPONSE_HEAD_H

#include "response.h"
#include "start_response.h"

/* Gives status, headers and cookies to `response`; from then on they cannot be changed. 0, or -1
 * with an error set: something in them cannot be sent. */
int response_head_fill(struct start_response *start, struct response *response);

#endif
