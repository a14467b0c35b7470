/* The file systems that the kernel makes, and the memory ones. The data partition is
 * storage.h's.
 *
 * The app has a /dev of its own, in which only the nodes are that everybody has and those that it
 * has asked for (nodes.h). Here it is MOUNTS_APP_DEV; to the app's process it is /dev
 * (sandbox.h). */
#ifndef FAPWS4_INIT_MOUNTS_H
#define FAPWS4_INIT_MOUNTS_H

#define MOUNTS_APP_DEV "/run/dev"

/* Each of the two tries all it stands for: 0, or the errno value of the first that failed. */

/* /dev, /proc, /sys, /run and /tmp; descriptors 0 to 2 are open afterwards. */
int mounts_make(void);

/* The app's /dev, with terminals and shared memory; after mounts_make. */
int mounts_make_further(void);

/* Makes / (the unpacked initramfs) read-only: from here on only /data, /run and /tmp change. 0
 * or errno value. */
int mounts_seal(void);

#endif
