/* The file systems that the kernel makes, and the memory ones. The data partition is
 * storage.h's. */
#ifndef FAPWS4_INIT_MOUNTS_H
#define FAPWS4_INIT_MOUNTS_H

/* Mounts /dev, /proc, /sys, /run, /tmp, /dev/pts, /dev/shm; descriptors 0-2 are open afterwards.
 * 0, or the errno value of the first that failed; all are tried. */
int mounts_make(void);

/* Makes / (the unpacked initramfs) read-only: from here on only /data, /run and /tmp change. 0
 * or errno value. */
int mounts_seal(void);

#endif
