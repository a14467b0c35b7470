/* The file system of /data as it is in a fresh image, to be put in the place of the one that is
 * there. The image brings it along: entries as in settings.h, `size` with the bytes that it takes,
 * then `OFFSET` with what stands there; all else is zero. */
#ifndef FAPWS4_INIT_BLANK_H
#define FAPWS4_INIT_BLANK_H

#include "../span.h"

#define BLANK_PATH "/etc/appliance.data"

/* Writes it to a partition's device. What makes it a file system is written last: after a cut it is
 * none, and writing it once more is all it takes. 0 or an errno value; EILSEQ: `blank` is none. */
int blank_write(const char *device, struct span blank);

#endif
