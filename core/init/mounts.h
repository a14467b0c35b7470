/* The file systems that the kernel makes, and the memory ones. The data partition is
 * storage.h's. */
#ifndef FAPWS4_INIT_MOUNTS_H
#define FAPWS4_INIT_MOUNTS_H

/* Each of the two tries all it stands for: 0, or the errno value of the first that failed. */

/* /dev, /proc, /sys, /run and /tmp; descriptors 0 to 2 are open afterwards. */
int mounts_make(void);

/* /dev/pts and /dev/shm, for apps that use terminals or shared memory; after mounts_make. */
int mounts_make_further(void);

/* Makes / (the unpacked initramfs) read-only: from here on only /data, /run and /tmp change. 0
 * or errno value. */
int mounts_seal(void);

#endif
