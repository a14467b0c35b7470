/* The claim code of this device, from where it is kept to whoever stands before it. */
#ifndef FAPWS4_INIT_OWNERSHIP_H
#define FAPWS4_INIT_OWNERSHIP_H

#include "claim.h"

/* Reads the code that a preseed or an earlier start has left; without one, a new one is made, and
 * kept when /data is on the disk (`kept`). It is shown on the consoles, and nowhere else. */
void ownership_open(struct claim *claim, bool kept);

#endif
