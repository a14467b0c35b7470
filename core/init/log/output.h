/* What a child writes to its stdout and stderr, on its way to the consoles and the log. */
#ifndef FAPWS4_INIT_OUTPUT_H
#define FAPWS4_INIT_OUTPUT_H

#include "log.h"
#include "../loop.h"
#include "relay.h"

struct output {
    int ends[2]; /* of a pipe, for every start of the child: where it is read, where it writes */
    enum log_source source;
    struct relay relay;
};

/* 0 or an errno value. */
int output_open(struct output *output, struct loop *loop, enum log_source source);

/* Shows what is still in the pipe, an unfinished line too: the child has ended. */
void output_end(struct output *output);

#endif
