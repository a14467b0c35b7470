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
#include "reset_file.h"

enum { PACKETS = 3, DESCRIPTORS = 16, BEGINNING = 2048 };

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
static const struct kind *kind_of(const char *device, char beginning[BEGINNING])
{
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? pread(fd, beginning, BEGINNING, 0) : -1;

    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && length == BEGINNING; i++)
        if (memcmp(beginning + kinds[i].at, kinds[i].mark, strlen(kinds[i].mark)) == 0)
            return &kinds[i];
    return NULL;
}

/* In a mount namespace of its own, which ends with the process, and the mount with it. */
static bool mount_stick(const char *node, char beginning[BEGINNING])
{
    const unsigned long flags =
        MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NOSYMFOLLOW | MS_SILENT;
    char device[STICK_NODE + sizeof "/dev/"];
    const struct kind *kind;

    snprintf(device, sizeof device, "/dev/%s", node);
    kind = kind_of(device, beginning);
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

/* The text of the order, if there is one; -1: there is none. */
static ssize_t read_reset(char text[RESET_FILE_MOST])
{
    struct stat status;
    int file = open("/" RESET_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t length = -1;

    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        length = read(file, text, RESET_FILE_MOST);
    close(file);
    return length;
}

/* False when the stick is for something else. */
static bool order_reset(const struct stick_order *order, const char beginning[BEGINNING])
{
    char text[RESET_FILE_MOST];
    ssize_t length = read_reset(text);
    struct span whole = {text, length > 0 ? (size_t)length : 0};

    if (length < 0)
        return false;
    if (reset_file_names(whole, order->product, order->host))
        courier_say(PACKETS, "reset %u",
                    reset_file_stick((struct span){beginning, BEGINNING}, whole));
    else
        courier_say(PACKETS,
                    "nothing " RESET_FILE
                    " does not name this device: its first line is to be %s or %s.local",
                    order->product, order->host);
    return true;
}

/* An image without keys has nothing to say of updates. */
static void look_for_update(enum refusal refusal, const struct identity *identity)
{
    if (refusal == ACCEPTED)
        offer(identity);
    else
        courier_say(PACKETS, "nothing %s", refusal == REFUSED_NO_KEYS ? "" : refusal_text(refusal));
}

void stick_process_run(const void *order, int packets)
{
    static struct identity identity;
    const struct stick_order *stick = order;
    char beginning[BEGINNING];
    int fds[] = {-1, -1, -1, packets};
    enum refusal refusal = identity_read("/etc", &identity);

    child_keep(fds, PACKETS + 1);
    if (!mount_stick(stick->node, beginning))
        say_unreadable(stick->node);
    else if (child_confine(place, POLICY_STICK_UID, DESCRIPTORS) && !order_reset(stick, beginning))
        look_for_update(refusal, &identity);
    _exit(0);
}
