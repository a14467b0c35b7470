/* The last act: everything that runs is ended, everything that was written is on the disk, the
 * power goes. */
#ifndef FAPWS4_INIT_POWER_H
#define FAPWS4_INIT_POWER_H

#include "hardware/watchdog.h"

enum power { POWER_ON = 0, POWER_OFF, POWER_RESTART };

/* To be called when the app has stopped (or would not): ends all other processes, closes /data,
 * switches the machine off or starts it again. Does not return. */
_Noreturn void power_finish(enum power power, struct watchdog *watchdog);

#endif
