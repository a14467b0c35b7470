#include "reset_order.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512 };

static const char order[] = "fapws4-reset 1\n";

static int write_sector(const char *device, const char *text)
{
    char sector[SECTOR] = {0};
    int fd = open(device, O_WRONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return errno;
    memcpy(sector, text, strlen(text));
    if (pwrite(fd, sector, sizeof sector, RESET_AT) != sizeof sector || fsync(fd) != 0)
        error = errno ? errno : EIO;
    close(fd);
    return error;
}

int reset_order_give(const char *device)
{
    return write_sector(device, order);
}

int reset_order_clear(const char *device)
{
    return write_sector(device, "");
}

bool reset_order_is_given(const char *device)
{
    char sector[SECTOR];
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    bool given;

    if (fd < 0)
        return false;
    given = pread(fd, sector, sizeof sector, RESET_AT) == sizeof sector &&
            memcmp(sector, order, sizeof order - 1) == 0;
    close(fd);
    return given;
}
