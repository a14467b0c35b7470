/* What the device says of itself to whoever asks (the control socket): lines `key value`, of which
 * those that would say nothing are left out. The values are of one line each. */
#ifndef FAPWS4_INIT_STATUS_H
#define FAPWS4_INIT_STATUS_H

#include <stddef.h>

enum { STATUS_SIZE = 8192 };

struct machine;

/* The lines into text[STATUS_SIZE], with a final '\n' and NUL; their length without the NUL:
 *
 *   product, version, board, counter   of what runs, as its image was built
 *   slot       a or b
 *   state      "confirmed", "trial SECONDS" and " paused" when they do not run, "recovery REASON"
 *   missing    what a version on trial still lacks
 *   data       "ok", "read-only" after an error of the disk, "memory": lost at power-off
 *   storage    TOTAL FREE, bytes of /data
 *   storage-errors      of its file system, as long as it is there
 *   storage-life        how many per cent of what its eMMC can take are used up, in tens
 *   storage-reserve     of its spare blocks: "normal", "low", "urgent"
 *   rescue     where that can be read which could not be mounted as /data
 *   name       on the local network, "hello.local", once it is the device's
 *   network    "connected", "no-cable", "none" (no interface)
 *   interface  NAME MAC "connected" or "no-cable", one line for each; then its
 *   address, gateway    of IPv4
 *   rival      MAC of another host that has its fixed address, too
 *   address6   one line for each
 *   dns, ntp   servers that are asked, one line for each
 *   network-settings    as in network_settings.h, those that are in force
 *   network-trial       SECONDS, as long as these are on trial
 *   certificate         the fingerprint of the device's pages
 *   clock      "trusted" or "untrusted", then "build", "saved", "rtc", "sntp SERVER" or "operator"
 *   timezone   NAME RULE, of the app, from its next start on; "-" when only the rule was told
 *   uptime     SECONDS since the kernel started
 *   app        "listening PORT", "starting", "ended"
 *   update     "idle", "running DONE TOTAL" (bytes), "installed VERSION", "refused REASON"
 *   failed     the last version that did not pass its trial, and why
 *   lost       where the settings are as such a version has left them
 *   reset      why the last run ended, if not in an orderly way
 *   usb        of the last stick: "looks", "offers VERSION FILE", "installs VERSION FILE", or how
 *              that ended
 *   fetch      the same of the registry, when the image names one */
size_t status_format(const struct machine *machine, char text[STATUS_SIZE]);

#endif
