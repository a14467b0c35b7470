#include "storage.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blank.h"
#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "growth.h"
#include "reset_order.h"
#include "mend.h"

/* noinit_itable: a file system that has grown is not filled with zeros in the background, which would
 * be gigabytes on a large card; checksums tell what was never written. */
static const char options[] = "errors=remount-ro,noinit_itable";
static const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;

static int make_folder(const char *path, mode_t mode, uid_t user)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return errno;
    return chown(path, user, user) == 0 ? 0 : errno;
}

static void settle(struct storage *storage, enum storage_state state)
{
    loop_unset(storage->loop, &storage->deadline);
    storage->state = state;
    try_to("make the app's folder /data/app", make_folder("/data/app", 0750, POLICY_APP_UID));
    try_to("make PID 1's folder /data/.fapws4", make_folder("/data/.fapws4", 0700, 0));
    storage->done(storage->owner);
}

static void settle_in_memory(struct storage *storage)
{
    if (mount("tmpfs", "/data", "tmpfs", flags, "mode=0755,size=25%") != 0)
        try_to("mount /data in memory", errno);
    settle(storage, STORAGE_IN_MEMORY);
}

static void deadline_fired(void *owner)
{
    struct storage *storage = owner;

    say("no disk with the data partition of this image after %d s", POLICY_DATA_WAIT / 1000);
    settle_in_memory(storage);
}

/* Without its journal's replay, because not a byte of a damaged file system may change; what was
 * written last may therefore be missing there. */
static void offer(struct storage *storage, const char *device)
{
    mkdir("/run/data", 0755);
    storage->rescue = mount(device, "/run/data", "ext4", flags | MS_RDONLY, "noload") == 0;
    if (storage->rescue)
        say("what is on %s can be read below /run/data", device);
    else
        try_to("read what is on it either", errno);
}

static void grow(struct storage *storage, const char *device)
{
    uint32_t block_size = 0;
    uint64_t blocks = growth_wanted(device, &block_size);
    pid_t pid;

    if (blocks == 0)
        return;
    storage->grown = blocks * block_size;
    pid = growth_start(blocks);
    if (pid > 0)
        storage->grower = pid;
    else
        try_to("let /data grow", errno);
}

/* 0 or an errno value. */
static int mount_data(const char *device)
{
    return mount(device, "/data", "ext4", flags, options) == 0 ? 0 : errno;
}

bool storage_state_device(const struct storage *storage, char device[DISK_PATH])
{
    const struct disk *disk = &storage->disk;
    unsigned number = disk->path[0] ? gpt_find_name(&disk->gpt, "state") : 0;

    if (number)
        disk_partition(disk, number, device);
    return number != 0;
}

/* Before anything is mounted: an operator may have ordered it. */
static void obey_reset(struct storage *storage, const char *device)
{
    char state[DISK_PATH];

    if (!storage_state_device(storage, state) || !reset_order_is_given(state))
        return;
    if (try_to("make /data anew, as was ordered", blank_write(device, file_load(BLANK_PATH))) &&
        try_to("forget that it was ordered", reset_order_clear(state)))
        say("all data was erased, as was ordered");
}

static void settle_on_disk(struct storage *storage)
{
    char device[DISK_PATH];
    int error;

    try_to("give /data the rest of the disk", disk_fit(&storage->disk));
    disk_partition(&storage->disk, storage->disk.number, device);
    obey_reset(storage, device);
    error = mount_data(device);
    if (error == EBADMSG && mend_superblock(device)) {
        say("a power cut has torn the superblock of %s; it is whole again", device);
        error = mount_data(device);
    }
    if (!error) {
        say("/data is %s", device);
        grow(storage, device);
        settle(storage, STORAGE_ON_DISK);
        return;
    }
    say("cannot mount /data from %s: %s; nothing on it was changed", device, strerror(error));
    offer(storage, device);
    settle_in_memory(storage);
}

void storage_look(struct storage *storage)
{
    int count;

    if (storage->state != STORAGE_AWAITED)
        return;
    count = disk_find(storage->guid, &storage->disk);
    if (count == 1)
        settle_on_disk(storage);
    if (count < 2)
        return;
    say("%d disks hold this image, and which one is this device's cannot be told: none is used; "
        "remove the others and restart",
        count);
    storage->disk = (struct disk){0};
    settle_in_memory(storage);
}

void storage_open(struct storage *storage, struct loop *loop, const char *guid,
                  void (*done)(void *), void *owner)
{
    *storage = (struct storage){.loop = loop, .guid = guid, .done = done, .owner = owner};
    storage->deadline = (struct timer){.fired = deadline_fired, .owner = storage};
    mkdir("/data", 0755);
    if (guid[0] == '\0') {
        settle_in_memory(storage);
        return;
    }
    loop_set(loop, &storage->deadline, POLICY_DATA_WAIT);
    storage_look(storage);
}

bool storage_reaped(struct storage *storage, pid_t pid, int status)
{
    int error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;

    if (pid != storage->grower || pid == 0)
        return false;
    storage->grower = 0;
    if (try_to("let /data grow; what is there is unharmed", error))
        say("/data has grown to %llu MiB", (unsigned long long)storage->grown >> 20);
    return true;
}

/* What the kernel does after an error it tells nobody but its own log. */
void storage_check(struct storage *storage)
{
    struct statvfs status;

    if (storage->state != STORAGE_ON_DISK || storage->read_only ||
        statvfs("/data", &status) != 0 || !(status.f_flag & ST_RDONLY))
        return;
    storage->read_only = true;
    warn("/data is read-only from now on: its disk or file system has an error");
}

const char *storage_warning(const struct storage *storage)
{
    if (storage->state != STORAGE_IN_MEMORY || storage->guid[0] == '\0')
        return NULL;
    return "/data is in memory only: what the app saves is lost at power-off";
}

int storage_close(void)
{
    sync();
    if (umount2("/data", 0) == 0 || errno == EINVAL) /* EINVAL: nothing is mounted there */
        return 0;
    return mount(NULL, "/data", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) == 0 ? 0 : errno;
}
