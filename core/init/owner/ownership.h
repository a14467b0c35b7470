/* The claim code of this device, and where it is kept. */
#ifndef FAPWS4_INIT_OWNERSHIP_H
#define FAPWS4_INIT_OWNERSHIP_H

#include "claim.h"

/* Reads the code that a preseed or an earlier start has left; without one, a new one is made, and
 * kept when /data is on the disk (`kept`). */
void ownership_open(struct claim *claim, bool kept);

#endif
