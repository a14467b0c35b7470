/* The read-only tree below ARCHIVE_ROOT that the archive's files make up.
 *
 * tree.c opens, lists and describes what is in it, readonly.c refuses to change it; the link sends the C library's
 * functions of these names to both (appliance/freezing/link.py). */
#ifndef FROZEN_TREE_H
#define FROZEN_TREE_H

#include "archive.h"

#include <sys/types.h>

/* Where time_t had 32 bits once (ARM), musl's headers rename the functions that know it: it is those names that every call has
 * and that the link redirects. For a declaration of __wrap_stat or __real_stat, say: the symbol that it stands for. */
#ifdef _REDIR_TIME64
#define TREE_TIME64(kind, name) __asm__("__" #kind "___" #name "_time64")
#else
#define TREE_TIME64(kind, name)
#endif

/* Whether the path is one of the tree; *entry is then what stands there, NULL when nothing does. */
int tree_find(const char *path, const struct archive_entry **entry);

#endif
