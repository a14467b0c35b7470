/* Which module drives a device, and what must be loaded before it. Pure look-ups in the two
 * texts that the image builder made from the modules' own .modinfo:
 *   aliases: lines `PATTERN MODULE`, PATTERN as for fnmatch(3)
 *   depends: lines `MODULE DEP DEP...`, the whole closure, in load order */
#ifndef FAPWS4_INIT_MODULE_INDEX_H
#define FAPWS4_INIT_MODULE_INDEX_H

#include "../span.h"

enum { MODULE_NAME_SIZE = 56 }; /* the kernel's MODULE_NAME_LEN on 64 bit */

/* Finds the next module whose pattern matches `modalias` and takes everything up to it off
 * *aliases, so that calling again finds the next one. False at the end. */
bool module_index_match(struct span *aliases, const char *modalias, char name[MODULE_NAME_SIZE]);

/* The dependencies of `name`, to be read by span_next_word; empty when it has none. */
struct span module_index_dependencies(struct span depends, const char *name);

#endif
