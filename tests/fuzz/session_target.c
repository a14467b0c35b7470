/* libFuzzer's door to sessions: whatever a client sends, in whatever pieces it arrives, the running
 * slot is never written, nothing goes beyond the other one, and it can be started only when it is
 * whole and PID 1 was told so. Signatures count as valid when there is one, as in bundle_target.c.
 *
 * The first byte of an input chooses the mode, and whether PID 1 objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../core/update/session.h"

enum { ROOM = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool signatures_suffice(const struct key_set *set, const struct signature *signatures,
                        size_t count, const void *message, size_t length)
{
    (void)signatures;
    (void)message;
    (void)length;
    return set->threshold > 0 && count > 0;
}

static void insist(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

struct device {
    struct identity identity;
    int disk; /* the slot that runs, the other one, and what neither may touch */
    char before[3 * ROOM];
    bool objects;
    unsigned asked, installed;
};

static bool may_begin(void *owner, char why[SESSION_WHY])
{
    struct device *device = owner;

    device->asked++;
    snprintf(why, SESSION_WHY, "not now");
    return !device->objects;
}

static void went_on(void *owner, uint64_t done, uint64_t total)
{
    (void)owner;
    insist(done > 0 && done <= total, "more than all");
}

static bool installed(void *owner, const struct manifest *manifest, char why[SESSION_WHY])
{
    struct device *device = owner;

    (void)why;
    insist(manifest->counter > device->identity.counter, "an older version");
    device->installed++;
    return true;
}

static void read_disk(const struct device *device, char bytes[3 * ROOM])
{
    insist(pread(device->disk, bytes, 3 * ROOM, 0) == 3 * ROOM, "the disk is not there");
}

/* The running slot holds one part that a manifest may have too. */
static void prepare(struct device *device, uint8_t choice)
{
    struct part *part = &device->identity.slot.parts[0];
    struct digest digest;

    memset(device, 0, sizeof *device);
    snprintf(device->identity.product, sizeof device->identity.product, "meter");
    snprintf(device->identity.board, sizeof device->identity.board, "pc");
    device->identity.counter = 7;
    device->identity.keys.threshold = device->identity.keys.count = 1;
    device->objects = (choice & 4) != 0;
    memset(device->before, 0xaa, sizeof device->before);
    device->identity.slot.count = 1;
    device->identity.slot.length = ROOM;
    *part = (struct part){.name = "kernel", .offset = 512, .length = 90, .has_digest = true};
    memset(device->before + 512, 'k', 90);
    digest_begin(&digest);
    digest_add(&digest, device->before + 512, 90);
    digest_read(&digest, part->digest);
    device->disk = memfd_create("disk", MFD_CLOEXEC);
    insist(pwrite(device->disk, device->before, sizeof device->before, 0) == 3 * ROOM, "no disk");
}

static enum session_end serve(struct device *device, enum session_mode mode, const uint8_t *data,
                              size_t size)
{
    static struct session session;
    struct session_host host = {&device->identity, ACCEPTED,  {device->disk, 0, ROOM},
                                {device->disk, ROOM, ROOM}, 1000, may_begin,
                                went_on,           installed, device};
    size_t early = size < 20 ? size : size % 20;
    enum session_end end;
    int ends[2];

    insist(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no socket");
    insist(send(ends[0], data + early, size - early, 0) == (ssize_t)(size - early), "a full socket");
    shutdown(ends[0], SHUT_WR);
    end = session_run(&session, &host, ends[1], mode, (struct span){(const char *)data, early});
    close(ends[0]);
    close(ends[1]);
    return end;
}

static void judge(const struct device *device, enum session_mode mode, enum session_end end)
{
    static const char zeros[INSTALL_SECTOR];
    char after[3 * ROOM];
    bool whole = end == SESSION_INSTALLED;

    read_disk(device, after);
    insist(memcmp(after, device->before, ROOM) == 0, "the running slot was written");
    insist(memcmp(after + 2 * ROOM, device->before + 2 * ROOM, ROOM) == 0, "beyond the slot");
    insist(device->installed == whole, "installed, and not said so");
    insist(!whole || (device->asked == 1 && !device->objects), "without being asked");
    if (mode == SESSION_VERIFY || device->objects || device->asked == 0)
        insist(memcmp(after, device->before, sizeof after) == 0, "written without leave");
    if (!whole)
        insist(memcmp(after + ROOM, zeros, sizeof zeros) == 0 ||
                   memcmp(after + ROOM, device->before + ROOM, ROOM) == 0,
               "a slot that is not whole can be started");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct device device;
    enum session_mode mode;

    if (size < 1)
        return 0;
    mode = (enum session_mode)((data[0] & 3) % 3);
    prepare(&device, data[0]);
    judge(&device, mode, serve(&device, mode, data + 1, size - 1));
    close(device.disk);
    return 0;
}
