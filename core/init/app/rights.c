#include "rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel says EINVAL to the first number that it does not know. */
static int close_bounds(uint64_t kept)
{
    for (unsigned number = 0; number < 64; number++) {
        if (kept >> number & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0)
            return errno == EINVAL && number > 0 ? 0 : errno;
    }
    return 0;
}

int rights_keep(uint64_t kept)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    int error = close_bounds(kept);

    for (int i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(kept >> 32 * i);

        data[i] = (struct __user_cap_data_struct){half, half, 0};
    }
    if (!error && syscall(SYS_capset, &head, data) != 0)
        error = errno;
    return error;
}
