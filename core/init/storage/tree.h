/* Trees of files: measured, copied and removed, each bounded. A link is never followed, whoever
 * makes it and whenever. */
#ifndef FAPWS4_INIT_TREE_H
#define FAPWS4_INIT_TREE_H

#include <stdint.h>

/* How much a tree may hold, and then what it has held: bytes in blocks of 4 KiB as the files take
 * them, and files and folders. */
struct tree_size {
    uint64_t bytes;
    unsigned files;
};

/* The size of what is below the folder `fd`. 0 or an errno value; EFBIG when it is more than
 * `most` in either. */
int tree_measure(int fd, const struct tree_size *most, struct tree_size *size);

/* Copies what is below the folder `from` into the empty folder `to`: files with their rights and
 * times, folders, symbolic links as they are. What else there may be (sockets, pipes) is left out.
 * 0 or an errno value, EFBIG as above. */
int tree_copy(int from, int to, const struct tree_size *most);

/* Removes NAME in the folder `fd`, with all below it; that it is not there is no failure. 0 or an
 * errno value. */
int tree_remove(int fd, const char *name);

#endif
