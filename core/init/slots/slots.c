#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* O_DIRECT, with which a device is opened so that one sector is one write, wants aligned memory.
 * One page is aligned enough for every disk. */
struct page {
    _Alignas(4096) char bytes[SLOT_STATE_SIZE];
};

static const off_t places[2] = {SLOTS_FIRST_COPY, SLOTS_SECOND_COPY};

static int read_copy(int fd, uint64_t partition, int copy, char sector[SLOT_STATE_SIZE])
{
    struct page page;
    ssize_t count = pread(fd, page.bytes, sizeof page.bytes, (off_t)partition + places[copy]);

    if (count != sizeof page.bytes)
        return count < 0 ? errno : EIO;
    memcpy(sector, page.bytes, SLOT_STATE_SIZE);
    return 0;
}

/* A copy that cannot be read (a damaged block of a flash memory) is one that does not count. */
static int choose(int fd, uint64_t partition, struct slot_state *state, int *chosen)
{
    char first[SLOT_STATE_SIZE] = "", second[SLOT_STATE_SIZE] = "";
    int error = read_copy(fd, partition, 0, first);
    int other_error = read_copy(fd, partition, 1, second);

    *chosen = slot_state_choose(first, second, state);
    return error && other_error ? error : 0;
}

static int write_copy(int fd, uint64_t partition, int copy, const struct slot_state *state)
{
    struct page page;
    char back[SLOT_STATE_SIZE];
    off_t at = (off_t)partition + places[copy];
    ssize_t count;
    int error;

    memset(&page, 0, sizeof page);
    slot_state_format(state, page.bytes);
    count = pwrite(fd, page.bytes, SLOT_STATE_SIZE, at);
    if (count != SLOT_STATE_SIZE)
        return count < 0 ? errno : EIO;
    if (fsync(fd) != 0)
        return errno;
    /* Otherwise an image file would be read back from memory. */
    posix_fadvise(fd, at, SLOT_STATE_SIZE, POSIX_FADV_DONTNEED);
    error = read_copy(fd, partition, copy, back);
    if (error)
        return error;
    return memcmp(back, page.bytes, SLOT_STATE_SIZE) == 0 ? 0 : EILSEQ;
}

int slots_read(int fd, uint64_t partition, struct slot_state *state)
{
    int chosen;

    return choose(fd, partition, state, &chosen);
}

int slots_write(int fd, uint64_t partition, const struct slot_state *state)
{
    struct slot_state present;
    int chosen, error = choose(fd, partition, &present, &chosen);

    if (error)
        return error;
    if (chosen >= 0)
        return write_copy(fd, partition, 1 - chosen, state);
    error = write_copy(fd, partition, 0, state);
    return error ? error : write_copy(fd, partition, 1, state);
}
