/* Who this device is among others of its kind: what a preseed has told it, once, and what it was
 * ordered since, as /data has kept them. */
#ifndef FAPWS4_INIT_KEPT_SETTINGS_H
#define FAPWS4_INIT_KEPT_SETTINGS_H

#include "log/record.h"
#include "settings.h"
#include "storage/storage.h"

/* What was ordered of the network and is kept (network_change.h). */
#define KEPT_NETWORK RECORD_FOLDER "/network.conf"

/* The time zone that was ordered (clock_orders.h). */
#define KEPT_TIMEZONE RECORD_FOLDER "/timezone.conf"

/* To be called when the storage has settled. Takes a preseed over; what /data cannot keep counts
 * for this boot, and the preseed stays. All "" and DHCP when nothing was ever told. */
void kept_settings_learn(const struct storage *storage, struct settings *settings);

#endif
