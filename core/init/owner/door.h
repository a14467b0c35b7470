/* The folder in which root's processes and the others meet. Who listens there can be reached by root
 * and by one group: the recovery process, or the app. Others can only pass through. */
#ifndef FAPWS4_INIT_DOOR_H
#define FAPWS4_INIT_DOOR_H

#include <sys/types.h>

#include "../span.h"

#define DOOR_FOLDER "/run/fapws4"

/* Makes the folder. 0 or an errno value. */
int door_make(void);

/* Listens on a stream socket in it, for `group` besides root. The descriptor (non-blocking, closed by
 * exec), or a negative errno value. */
int door_open(const char *path, gid_t group);

/* Puts a file into it, in the place of an older one. 0 or an errno value. */
int door_leave(const char *path, struct span text);

#endif
