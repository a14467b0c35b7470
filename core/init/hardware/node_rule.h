/* Which device nodes an app has asked for, by their names below /dev. Pure. */
#ifndef FAPWS4_INIT_NODE_RULE_H
#define FAPWS4_INIT_NODE_RULE_H

#include <stdbool.h>

/* Whether `name` ("ttyUSB0") fits one of `patterns`, words as for fnmatch(3) in which no wildcard
 * stands for a slash. A name that could lead out of /dev fits none. */
bool node_is_wanted(const char *patterns, const char *name);

#endif
