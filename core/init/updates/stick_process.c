#include "stick_process.h"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../update/choice.h"
#include "../../update/sender.h"
#include "../child.h"
#include "courier.h"
#include "../policy.h"

enum { PACKETS = 3, DESCRIPTORS = 16 };

static const char place[] = "/run/stick";

struct kind {
    const char *type, *options;
    size_t at; /* where its mark stands */
    const char *mark;
};

/* In this order: FAT's mark is also that of every partition table. */
static const struct kind kinds[] = {
    {"exfat", "umask=0022", 3, "EXFAT   "},
    {"ext4", "noload", 1080, "\x53\xef"},
    {"vfat", "umask=0022", 510, "\x55\xaa"},
};

/* Only the driver that it is made for ever sees it. NULL: none is. */
static const struct kind *kind_of(const char *device)
{
    char beginning[2048];
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? pread(fd, beginning, sizeof beginning, 0) : -1;

    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && length == sizeof beginning; i++)
        if (memcmp(beginning + kinds[i].at, kinds[i].mark, strlen(kinds[i].mark)) == 0)
            return &kinds[i];
    return NULL;
}

/* In a mount namespace of its own, which ends with the process, and the mount with it. */
static bool mount_stick(const char *node)
{
    const unsigned long flags =
        MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NOSYMFOLLOW | MS_SILENT;
    char device[STICK_NODE + sizeof "/dev/"];
    const struct kind *kind;

    snprintf(device, sizeof device, "/dev/%s", node);
    kind = kind_of(device);
    if (kind == NULL || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        (mkdir(place, 0555) != 0 && access(place, F_OK) != 0))
        return false;
    return mount(device, place, kind->type, flags, kind->options) == 0;
}

static bool has_partitions(const char *node)
{
    char pattern[2 * STICK_NODE + sizeof "/sys/class/block//*/partition"];
    glob_t found;
    bool any;

    snprintf(pattern, sizeof pattern, "/sys/class/block/%s/%s*/partition", node, node);
    any = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return any;
}

/* Of a disk that has partitions nothing: they are looked at one by one. */
static void say_unreadable(const char *node)
{
    courier_say(PACKETS, "nothing %s",
                has_partitions(node) ? "" : "this device reads FAT, exFAT and ext4, and finds none of these");
}

static void say_nothing(const struct choice *choice)
{
    if (choice->refusal == ACCEPTED)
        courier_say(PACKETS, "nothing ");
    else
        courier_say(PACKETS, "nothing %s: %s", choice->name, refusal_text(choice->refusal));
}

static void install(const struct choice *choice, const struct identity *identity,
                    struct bundle *bundle)
{
    char answer[SENDER_ANSWER];
    uint64_t head;
    int session = courier_wait(PACKETS);

    if (session < 0)
        return;
    if (head_read(choice->file, identity, bundle, &head) == ACCEPTED) {
        sender_send(choice->file, bundle, head, session, answer);
        courier_say(PACKETS, "%s", answer);
    } else {
        courier_say(PACKETS, "refused the bundle has changed since it was offered");
    }
}

static void offer(const struct identity *identity)
{
    static struct bundle bundle;
    struct choice choice;
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    choice_make(folder, identity, &bundle, &choice);
    if (choice.file < 0) {
        say_nothing(&choice);
        return;
    }
    courier_say(PACKETS, "offer %llu %s %s", (unsigned long long)choice.counter, choice.version,
                choice.name);
    install(&choice, identity, &bundle);
}

void stick_process_run(const void *node, int packets)
{
    static struct identity identity;
    int fds[] = {-1, -1, -1, packets};
    enum refusal refusal = identity_read("/etc", &identity);

    child_keep(fds, PACKETS + 1);
    if (refusal != ACCEPTED)
        courier_say(PACKETS, "nothing %s", refusal_text(refusal));
    else if (!mount_stick(node))
        say_unreadable(node);
    else if (child_confine(place, POLICY_STICK_UID, DESCRIPTORS))
        offer(&identity);
    _exit(0);
}
