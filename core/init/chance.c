#include "chance.h"

#include <sys/random.h>

uint32_t chance(void)
{
    uint32_t number = 0;

    while (getrandom(&number, sizeof number, 0) != sizeof number)
        ; /* interrupted */
    return number;
}
