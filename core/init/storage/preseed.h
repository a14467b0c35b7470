/* What one device has been told before its first boot, by whoever wrote its disk: a block in the
 * state partition, taken over into /data once and then overwritten. appliance/imaging/preseed.py writes
 * it and tells its form; its body is entries as in settings.h. Serves devices and files. */
#ifndef FAPWS4_INIT_PRESEED_H
#define FAPWS4_INIT_PRESEED_H

#include "../span.h"

/* Where the block is in the state partition, and its size. */
enum { PRESEED_AT = 12 << 20, PRESEED_SIZE = 64 << 10 };

/* The body of the block on `device`, in memory that the next call overwrites; empty when there
 * is none. 0 or an errno value; EILSEQ: the block is damaged. */
int preseed_read(const char *device, struct span *body);

/* Writes a body into files of `folder`, which only root can read: claim, certificate.pem,
 * key.pem, and last preseed.conf with all other entries. Each appears whole and is on the disk
 * before the next. 0 or an errno value; EILSEQ: the body is no row of entries. */
int preseed_store(struct span body, const char *folder);

/* Overwrites the block with zeros, its head first, so that a cut leaves none. 0 or an errno
 * value. */
int preseed_erase(const char *device);

#endif
