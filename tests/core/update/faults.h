/* What goes wrong with the disk; see faults.c. */
#include <stdbool.h>
#include <sys/types.h>

struct faults {
    long writes;     /* how many there were */
    long cut_before; /* this one and those after it fail; -1: none */
    long lost;       /* this one is not done; -1: none */
    bool unreadable;
};

extern struct faults faults;

ssize_t faulty_pwrite(int fd, const void *bytes, size_t length, off_t at);
ssize_t faulty_pread(int fd, void *bytes, size_t length, off_t at);
