/* Numbers that nobody can foresee. */
#ifndef FAPWS4_INIT_CHANCE_H
#define FAPWS4_INIT_CHANCE_H

#include <stdint.h>

uint32_t chance(void);

#endif
