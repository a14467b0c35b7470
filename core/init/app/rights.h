/* Root's rights (capabilities), given up one by one. */
#ifndef FAPWS4_INIT_RIGHTS_H
#define FAPWS4_INIT_RIGHTS_H

#include <stdint.h>

/* Keeps only the capabilities whose bits are set in `kept`, for good: also what is executed as root
 * has no others. To be called by root. 0 or an errno value. */
int rights_keep(uint64_t kept);

#endif
