/* Response heads that an app gives again and again: told by the objects they were given as, without
 * a look at a single character. */
#ifndef FAPWS4_HEAD_CACHE_H
#define FAPWS4_HEAD_CACHE_H

#include "response.h"
#include "start_response.h"

/* Says to `response`, which has no status yet, what the same status and headers (not the cookies)
 * came to before. False when they are not known. */
bool head_cache_recall(const struct start_response *start, struct response *response);

/* Keeps what status and headers came to, when they may come again and cannot change until then. */
void head_cache_keep(const struct start_response *start, const struct response *response);

/* Lets go of everything. */
void head_cache_finish(void);

#endif
