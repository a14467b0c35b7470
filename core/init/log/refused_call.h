/* A record of the kernel's log that says which system call a filter has refused. Pure. */
#ifndef FAPWS4_INIT_REFUSED_CALL_H
#define FAPWS4_INIT_REFUSED_CALL_H

#include "../span.h"

struct refused_call {
    int process;
    int number;
};

/* Reads one record of /dev/kmsg. False for every other. The words that a program chooses itself (its
 * name) are quoted or written as hex digits by the kernel, and never taken for others. */
bool refused_call_parse(struct span record, struct refused_call *call);

#endif
