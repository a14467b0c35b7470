/* The read-only tree below ARCHIVE_ROOT that the archive's files make up.
 *
 * tree.c opens, lists and describes what is in it, readonly.c refuses to change it; the link sends the C library's
 * functions of these names to both (appliance/link.py). */
#ifndef FROZEN_TREE_H
#define FROZEN_TREE_H

#include "archive.h"

/* Whether the path is one of the tree; *entry is then what stands there, NULL when nothing does. */
int tree_find(const char *path, const struct archive_entry **entry);

#endif
