#include "reset_order.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { ORDER = 64, SECTOR = 512 };

struct sector {
    char order[ORDER];
    uint32_t sticks[RESET_STICKS]; /* the last one first; 0 = none */
    char free[SECTOR - ORDER - RESET_STICKS * sizeof(uint32_t)];
};

_Static_assert(sizeof(struct sector) == SECTOR, "what is written at once is written whole or not at all");

static const char order[] = "fapws4-reset 1\n";

static int read_sector(const char *device, struct sector *sector)
{
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return errno;
    errno = 0;
    if (pread(fd, sector, sizeof *sector, RESET_AT) != sizeof *sector)
        error = errno ? errno : EIO;
    close(fd);
    return error;
}

static int write_sector(const char *device, const struct sector *sector)
{
    int fd = open(device, O_WRONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return errno;
    errno = 0;
    if (pwrite(fd, sector, sizeof *sector, RESET_AT) != sizeof *sector || fsync(fd) != 0)
        error = errno ? errno : EIO;
    close(fd);
    return error;
}

static bool has_stick(const struct sector *sector, uint32_t stick)
{
    for (int i = 0; i < RESET_STICKS; i++)
        if (sector->sticks[i] == stick)
            return true;
    return false;
}

int reset_order_give(const char *device, uint32_t stick)
{
    struct sector sector;
    int error = read_sector(device, &sector);

    if (error)
        return error;
    memset(sector.order, 0, sizeof sector.order);
    memcpy(sector.order, order, sizeof order - 1);
    if (stick != 0 && !has_stick(&sector, stick)) {
        memmove(sector.sticks + 1, sector.sticks, sizeof sector.sticks - sizeof sector.sticks[0]);
        sector.sticks[0] = stick;
    }
    return write_sector(device, &sector);
}

int reset_order_clear(const char *device)
{
    struct sector sector;
    int error = read_sector(device, &sector);

    if (error)
        return error;
    memset(sector.order, 0, sizeof sector.order);
    return write_sector(device, &sector);
}

bool reset_order_is_given(const char *device)
{
    struct sector sector;

    return read_sector(device, &sector) == 0 &&
           memcmp(sector.order, order, sizeof order - 1) == 0;
}

bool reset_order_was_by(const char *device, uint32_t stick)
{
    struct sector sector;

    return read_sector(device, &sector) != 0 || has_stick(&sector, stick);
}
