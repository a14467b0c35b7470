/* A file without a name that only PID 1 can open, and whoever it hands the descriptor to can read. */
#ifndef FAPWS4_INIT_MEMORY_FILE_H
#define FAPWS4_INIT_MEMORY_FILE_H

#include "../span.h"

/* Makes the content of *fd the texts, one behind the other; makes the file first when *fd is -1. The
 * descriptor is open for reading only, and closed by exec: who has it sees every later content too.
 * 0 or an errno value. */
int memory_file_fill(int *fd, const struct span *texts, int count);

#endif
