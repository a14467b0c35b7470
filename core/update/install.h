/* A version is put into the slot that does not run.
 *
 * The running slot and everything else on the disk are only read. The first sector of the slot is
 * made zero before anything else is written, and gets its content when all else has been written
 * and read back: a slot that is not whole cannot be started, whenever the power goes. */
#ifndef FAPWS4_UPDATE_INSTALL_H
#define FAPWS4_UPDATE_INSTALL_H

#include "identity.h"

enum { INSTALL_SECTOR = 512, INSTALL_BLOCK = 64 << 10 };

/* Where a slot lies: `size` bytes of the file or device `fd`, from `at` on. */
struct place {
    int fd;
    uint64_t at, size;
};

struct install {
    struct place from, to;
    const struct layout *slot; /* what is being written */
    int error;                 /* errno of REFUSED_READ and REFUSED_WRITE */
    char first[INSTALL_SECTOR];
    char block[INSTALL_BLOCK];
};

/* Whether this version may follow the one that runs, and would fit into `size` bytes. */
enum refusal install_check(const struct identity *identity, const struct manifest *manifest,
                           uint64_t size);

/* Which parts `running`, the slot in `from`, does not hold, and must therefore be sent: these are then
 * true in wanted[]. Only reads. */
void install_look(struct install *install, struct place from, const struct layout *running,
                  const struct layout *slot, bool wanted[PARTS_MOST]);

/* Begins to write a version of these parts over what is in `to`: first of all, what was there can
 * no more be started. Parts that `running`, the slot in `from`, has too are copied; those that
 * are left to be sent are then true in wanted[]. */
enum refusal install_begin(struct install *install, struct place from,
                           const struct layout *running, struct place to,
                           const struct layout *slot, bool wanted[PARTS_MOST]);

/* Bytes of a part, to lie `at` bytes behind its beginning. */
enum refusal install_write(struct install *install, unsigned part, uint64_t at, struct span bytes);

/* When every part is there: reads all back from the disk, compares, and makes the slot startable.
 * It is not armed by that. */
enum refusal install_finish(struct install *install);

#endif
