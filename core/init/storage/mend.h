/* What a power cut may have torn in a file system that its journal cannot replay: the superblock,
 * which has to be read before there is a journal (ext4.h says how). */
#ifndef FAPWS4_INIT_MEND_H
#define FAPWS4_INIT_MEND_H

#include <stdbool.h>

/* True when the superblock on this device was torn and is whole now. */
bool mend_superblock(const char *device);

#endif
