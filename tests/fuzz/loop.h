/* A stand-in for the part of libuv that connections use: one socket, whose other end and whose
 * kernel are played by the caller. No system call is made, so that thousands of sessions run in a
 * second, and how much a write takes is chosen instead of being left to a kernel. */
#ifndef FUZZ_LOOP_H
#define FUZZ_LOOP_H

#include "../../core/buffer.h"

#include <stdint.h>
#include <uv.h>

/* What the client sees of the connection. */
enum condition { OPEN, SHUT, CLOSED, RESET };

/* Begins anew; `choices` (used round and round) decide what each write takes, without any it is
 * everything. */
void loop_begin(const uint8_t *choices, size_t count);

/* The next choice; 255 without any. */
uint8_t loop_choose(void);

/* Hands over up to `length` bytes as read; how many the server took, 0 when it does not read. */
size_t loop_deliver(const char *data, size_t length);

/* Ends what the client sends: UV_EOF or an error. The server learns it only while it reads. */
void loop_part(int status);

/* One turn of the loop; false when there was nothing to do. */
bool loop_turn(void);

/* What the server has written since loop_begin. */
struct slice loop_output(void);

enum condition loop_condition(void);

#endif
