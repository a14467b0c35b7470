/* What versions that have failed have made of the app's settings (keepsake.h): which is there. */
#ifndef FAPWS4_INIT_LOST_H
#define FAPWS4_INIT_LOST_H

#include <stdbool.h>

enum { LOST_PATH = 96 };

/* The newest one below DATA/lost; "" and false when there is none. Names that PID 1 has not given
 * are passed over: the app may write there. */
bool lost_newest(const char *data, char path[LOST_PATH]);

#endif
