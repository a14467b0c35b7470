/* The clock that goes on while the machine is off, in UTC. */
#ifndef FAPWS4_INIT_RTC_H
#define FAPWS4_INIT_RTC_H

#include <stdint.h>

/* Seconds since 1970; 0 when there is none, or it has no time. */
int64_t rtc_read(void);

/* 0 or an errno value; ENOENT: this machine has none. */
int rtc_write(int64_t seconds);

#endif
