#include "storage.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console.h"
#include "duty.h"
#include "file.h"

enum { DEVICE_SIZE = 64 };

static const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;

/* Whether the uevent file at `path` is that of the partition; its device node is then written to
 * `device`. */
static bool is_partition(const char *path, const char *partition, char device[DEVICE_SIZE])
{
    char text[1024], node[48] = "";
    struct span rest = file_read(path, text, sizeof text);
    struct span line;
    bool found = false;

    while (span_next_line(&rest, &line)) {
        if (span_skip(&line, "DEVNAME="))
            span_copy(line, node, sizeof node);
        else if (span_skip(&line, "PARTNAME="))
            found = span_equals(line, partition);
    }
    snprintf(device, DEVICE_SIZE, "/dev/%s", node);
    return found && node[0];
}

static bool find(const char *partition, char device[DEVICE_SIZE])
{
    glob_t paths;
    bool found = false;

    if (glob("/sys/class/block/*/uevent", 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc && !found; i++)
            found = is_partition(paths.gl_pathv[i], partition, device);
    globfree(&paths);
    return found;
}

static int make_app_folder(void)
{
    if (mkdir("/data/app", 0750) != 0 && errno != EEXIST)
        return errno;
    return chown("/data/app", POLICY_APP_UID, POLICY_APP_UID) == 0 ? 0 : errno;
}

static void settle(struct storage *storage)
{
    loop_unset(storage->loop, &storage->deadline);
    storage->settled = true;
    try_to("make the app's folder /data/app", make_app_folder());
    storage->done(storage->owner);
}

static void settle_in_memory(struct storage *storage)
{
    storage->in_memory = true;
    if (mount("tmpfs", "/data", "tmpfs", flags, "mode=0755,size=25%") != 0)
        try_to("mount /data in memory", errno);
    settle(storage);
}

static void deadline_fired(void *owner)
{
    struct storage *storage = owner;

    say("no partition named %s after %d s; what the app saves is lost at power-off",
        storage->partition, POLICY_DATA_WAIT / 1000);
    settle_in_memory(storage);
}

void storage_look(struct storage *storage)
{
    char device[DEVICE_SIZE];

    if (storage->settled || !find(storage->partition, device))
        return;
    if (mount(device, "/data", "ext4", flags, "errors=remount-ro") == 0) {
        say("/data is %s", device);
        settle(storage);
        return;
    }
    say("cannot mount /data from %s: %s; nothing on it was changed; what the app saves is lost at "
        "power-off",
        device, strerror(errno));
    settle_in_memory(storage);
}

void storage_open(struct storage *storage, struct loop *loop, const char *partition,
                  void (*done)(void *), void *owner)
{
    *storage = (struct storage){.loop = loop, .partition = partition, .done = done, .owner = owner};
    storage->deadline = (struct timer){.fired = deadline_fired, .owner = storage};
    mkdir("/data", 0755);
    if (partition[0] == '\0') {
        settle_in_memory(storage);
        return;
    }
    loop_set(loop, &storage->deadline, POLICY_DATA_WAIT);
    storage_look(storage);
}

int storage_close(void)
{
    sync();
    if (umount2("/data", 0) == 0 || errno == EINVAL) /* EINVAL: nothing is mounted there */
        return 0;
    return mount(NULL, "/data", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) == 0 ? 0 : errno;
}
