/* The folder in which the root side and the recovery pages meet: what lies there, and who listens
 * there, can be reached by root and by the recovery process, and by nobody else. */
#ifndef FAPWS4_INIT_DOOR_H
#define FAPWS4_INIT_DOOR_H

#include "span.h"

#define DOOR_FOLDER "/run/fapws4"

/* Makes the folder. 0 or an errno value. */
int door_make(void);

/* Listens on a stream socket in it. The descriptor (non-blocking, closed by exec), or a negative
 * errno value. */
int door_open(const char *path);

/* Puts a file into it, in the place of an older one. 0 or an errno value. */
int door_leave(const char *path, struct span text);

#endif
