/* What libFuzzer makes up, as a plan and bytes: a count and that many choices, one byte that says
 * how the client parts, then the bytes. In them, NUL c n stands for n * 32 times c (n = 0: for one
 * NUL), so that short inputs reach the limits of long requests. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "session.h"

/* Reads an input; `bytes` is filled and used again. */
void input_read(const uint8_t *data, size_t size, struct plan *plan, struct buffer *bytes);

#endif
