/* Who this device is among others of its kind: what a preseed has told it, once, and what /data
 * has kept of that since. */
#ifndef FAPWS4_INIT_IDENTITY_H
#define FAPWS4_INIT_IDENTITY_H

#include "settings.h"
#include "storage.h"

/* To be called when the storage has settled. Takes a preseed over; what /data cannot keep counts
 * for this boot, and the preseed stays. All "" and DHCP when nothing was ever told. */
void identity_learn(const struct storage *storage, struct settings *settings);

#endif
