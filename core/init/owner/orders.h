/* What the recovery pages and the manager may ask of PID 1 (control.h). A new verb is a line of the table. */
#ifndef FAPWS4_INIT_ORDERS_H
#define FAPWS4_INIT_ORDERS_H

#include "control.h"

/* Their owner is the machine. */
extern const struct verb orders[];

#endif
