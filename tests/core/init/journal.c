/* Runs one duty of PID 1 on any machine: every call that would change the system is written down
 * instead of done, and every path leads into the folder $JOURNAL_ROOT. Linked with ld's --wrap, so
 * that the duties' own files are compiled as they are.
 *
 * Usage: journal DUTY; the journal goes to stdout, what a person would see to stderr. A call named
 * in $JOURNAL_FAIL ("mount /dev/vda6", "mount /dev/vda6 /data") fails with EINVAL; $JOURNAL_DATA is
 * the GUID of the data partition. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <linux/watchdog.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "log/console.h"
#include "duty.h"
#include "slots/failure.h"
#include "kernel.h"
#include "machine.h"
#include "hardware/modules.h"
#include "mounts.h"
#include "hardware/nodes.h"
#include "power.h"
#include "log/record.h"
#include "slots/slot.h"
#include "owner/status.h"
#include "storage/storage.h"
#include "app/supervision.h"

int __real_open(const char *path, int flags, ...);
int __real_stat(const char *path, struct stat *status);
int __real_rename(const char *from, const char *to);
int __real_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *found);

static int answer(const char *call, const char *subject)
{
    const char *failing = getenv("JOURNAL_FAIL");
    char text[256];

    snprintf(text, sizeof text, "%s %s", call, subject);
    if (!failing || strcmp(failing, text) != 0)
        return 0;
    errno = EINVAL;
    return -1;
}

static const char *inside(const char *path, char out[512])
{
    const char *root = getenv("JOURNAL_ROOT");

    snprintf(out, 512, "%s%s", strncmp(path, root, strlen(root)) == 0 ? "" : root, path);
    return out;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const char *options)
{
    char both[256];

    printf("mount %s %s %s 0x%lx %s\n", source ? source : "-", target, type ? type : "-", flags,
           options ? options : "-");
    snprintf(both, sizeof both, "%s %s", source ? source : "-", target);
    return answer("mount", source ? source : target) == 0 ? answer("mount", both) : -1;
}

int __wrap_umount2(const char *target, int flags)
{
    printf("umount2 %s %d\n", target, flags);
    return answer("umount2", target);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    printf("mkdir %s %04o\n", path, (unsigned)mode);
    return answer("mkdir", path);
}

/* A node is a plain file here. */
int __wrap_mknod(const char *path, mode_t mode, dev_t device)
{
    char where[512];
    int fd = __real_open(inside(path, where), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    printf("mknod %s %06o %u:%u\n", path, (unsigned)mode, major(device), minor(device));
    if (fd >= 0)
        close(fd);
    return 0;
}

int __wrap_chmod(const char *path, mode_t mode)
{
    (void)mode;
    return answer("chmod", path);
}

int __wrap_symlink(const char *target, const char *path)
{
    printf("symlink %s %s\n", target, path);
    return 0;
}

int __wrap_chown(const char *path, uid_t user, gid_t group)
{
    printf("chown %s %u:%u\n", path, user, group);
    return 0;
}

int __wrap_kill(pid_t pid, int number)
{
    printf("kill %d %d\n", pid, number);
    return 0;
}

pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    (void)status;
    (void)options;
    printf("waitpid %d\n", pid);
    errno = ECHILD;
    return -1;
}

void __wrap_sync(void)
{
    puts("sync");
}

int __wrap_reboot(int command)
{
    puts(command == RB_POWER_OFF ? "reboot POWER_OFF" : "reboot RESTART");
    fflush(stdout);
    _exit(0);
}

int __wrap_sethostname(const char *name, size_t length)
{
    printf("sethostname %.*s\n", (int)length, name);
    return 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    char where[512];

    return __real_open(inside(path, where), flags, 0644);
}

int __wrap_stat(const char *path, struct stat *status)
{
    char where[512];

    return __real_stat(inside(path, where), status);
}

int __wrap_rename(const char *from, const char *to)
{
    char one[512], other[512];

    return __real_rename(inside(from, one), inside(to, other));
}

int __wrap_statvfs(const char *path, struct statvfs *status)
{
    if (strcmp(path, "/data") != 0)
        return -1;
    *status = (struct statvfs){.f_frsize = 4096, .f_blocks = 1000, .f_bavail = 250};
    return 0;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
    char where[512];

    return __real_access(inside(path, where), mode);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    char where[512];

    return __real_unlink(inside(path, where));
}

int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *found)
{
    char where[512];

    return __real_glob(inside(pattern, where), flags & ~GLOB_NOSORT, failed, found);
}

static int note_new_size(const struct blkpg_ioctl_arg *order)
{
    const struct blkpg_partition *partition = order->data;

    printf("partition %d: %lld bytes from %lld\n", partition->pno, partition->length,
           partition->start);
    return answer("partition", "6");
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    void *value;
    int result = 0;

    va_start(arguments, request);
    value = va_arg(arguments, void *);
    va_end(arguments);
    if (request == WDIOC_SETTIMEOUT)
        printf("watchdog timeout %d\n", *(int *)value);
    if (request == WDIOC_KEEPALIVE)
        puts("watchdog fed");
    if (request == BLKGETSIZE64)
        *(uint64_t *)value = (uint64_t)lseek(fd, 0, SEEK_END);
    if (request == BLKSSZGET)
        *(int *)value = 512;
    if (request == BLKPG)
        result = note_new_size(value);
    if (request == _IOW('f', 16, uint64_t)) {
        printf("resize /data to %llu blocks\n", *(unsigned long long *)value);
        result = answer("resize", "/data");
    }
    return result;
}

/* finit_module is the only system call that PID 1 makes by number here. */
long __wrap_syscall(long number, ...)
{
    char link[64], path[512] = "";
    va_list arguments;
    int fd;

    (void)number;
    va_start(arguments, number);
    fd = va_arg(arguments, int);
    va_end(arguments);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0)
        return -1;
    printf("finit_module %s\n", strrchr(path, '/') + 1);
    return answer("finit_module", strrchr(path, '/') + 1);
}

static void storage_done(void *owner)
{
    (void)owner;
    puts("done");
}

static void run_storage(const char *guid)
{
    static struct loop loop;
    static struct storage storage;
    int status;

    loop_init(&loop);
    storage_open(&storage, &loop, guid, storage_done, NULL);
    if (storage.state == STORAGE_AWAITED)
        storage.deadline.fired(storage.deadline.owner);
    storage_look(&storage);
    if (storage.grower && __real_waitpid(storage.grower, &status, 0) > 0)
        storage_reaped(&storage, storage.grower, status);
    printf("on disk %d, rescue %d, warning %d\n", storage.state == STORAGE_ON_DISK, storage.rescue,
           storage_warning(&storage) != NULL);
}

/* One run of a device, from its start to an orderly end; `fault` is said in between. */
static void run_record(bool kept, bool watchdog, const char *fault)
{
    struct record record;

    record_open(&record, kept, watchdog);
    if (fault)
        warn("%s", fault);
    record_turn(&record);
    say("after the fault");
    record_turn(&record);
    record_close(&record);
}

/* A new version leaves its word, the old one reads it. */
static void run_failure(bool leaves_word)
{
    struct failure left = {.trial = 5, .lines = span_of("its last line\n")}, found;

    failure_describe("2.0", "the app has a headache", left.text);
    if (leaves_word)
        try_to("leave a word", failure_keep(&left));
    if (!failure_read(&found)) {
        puts("no word");
        return;
    }
    printf("trial %d\n", (int)found.trial);
    warn("%s", found.text);
    quote(found.lines);
}

/* A machine with all that a status can tell; $JOURNAL_SCRIPT says what is the matter with it. */
static void run_status(const char *script)
{
    static struct machine machine = {
        .config = {"shop", "2.0", "pc", "", "shop", "17", "/well"},
        .slot.running = 'b',
        .storage.state = STORAGE_ON_DISK,
        .app = {.pid = 7, .ready.port = 80, .timezone = "CET-1CEST,M3.5.0,M10.5.0/3"},
        .clock = {.trusted = true, .source = CLOCK_SNTP, .server = "10.0.2.5"},
    };
    struct interface *interfaces = machine.network.interfaces;
    char text[STATUS_SIZE];

    interfaces[1].link = (struct link){.index = 2, .name = "eth0", .mac = {0x52, 0x54, 0, 1, 2, 3}};
    interfaces[1].link.carrier = strcmp(script, "trouble") != 0;
    if (interfaces[1].link.carrier)
        interfaces[1].lease = (struct lease){.address = 0x0a00020f,
                                             .router = 0x0a000202,
                                             .dns = {0x0a000203, 0x09090909},
                                             .ntp = {0x0a000204}};
    machine.network.settings.ntp[0] = host_address_of(0x0a000205);
    machine.time_servers.order = (struct sntp_order){.count = 1};
    machine.time_servers.order.servers[0] = machine.network.settings.ntp[0];
    snprintf(machine.zone, sizeof machine.zone, "Europe/Vienna");
    machine.network_change.current = machine.network.settings;
    snprintf(machine.name.text, sizeof machine.name.text, "shop.local");
    if (strcmp(script, "trial") == 0)
        machine.probation = (struct probation){.runs = true,
                                               .trial.left_ms = 512999,
                                               .verdict = TRIAL_PAUSED,
                                               .lacks = "the cable is out"};
    if (strcmp(script, "trouble") == 0) {
        machine.app.recovering = true;
        machine.app.pid = machine.app.ready.port = 0;
        snprintf(machine.app.ended, sizeof machine.app.ended, "ended after 0 s (exit code 3)");
        machine.app.failures.count = 3;
        machine.storage.state = STORAGE_IN_MEMORY;
        machine.storage.rescue = true;
        machine.record.reset = "power cut or reset";
        failure_describe("3.0", "the app has a headache", machine.probation.failed);
    }
    if (strcmp(script, "long") == 0)
        memset(machine.probation.failed, 'x', FAILURE_TEXT - 1);
    for (int i = 0; i < POLICY_INTERFACES && strcmp(script, "long") == 0; i++) {
        interfaces[i].link.index = i + 1;
        interfaces[i].lease.address = 0xffffffff;
    }
    if (strcmp(script, "change") == 0)
        machine.network_change.ends_ms = loop_now() + 90000;
    if (strcmp(script, "worn") == 0) {
        machine.storage.read_only = true;
        snprintf(machine.storage.disk.path, sizeof machine.storage.disk.path, "/dev/mmcblk0");
        machine.storage.disk.number = 6;
    }
    if (strcmp(script, "young") == 0) {
        machine = (struct machine){.config = machine.config};
        machine.app.pid = 7;
    }
    printf("%d bytes\n", (int)(status_format(&machine, text) - strlen(text)));
    fputs(text, stdout);
}

/* $JOURNAL_CMDLINE is what the boot loader says. */
static void run_slot(void)
{
    struct disk disk;
    struct slot slot;

    slot_read(&slot, span_of(getenv("JOURNAL_CMDLINE")));
    if (disk_find(getenv("JOURNAL_DATA"), &disk) == 1)
        try_to("open the state", slot_open(&slot, &disk));
    printf("running %c, on trial %d, back %d, substitute %d\n", slot.running ? slot.running : '-',
           slot.on_trial, slot_is_back(&slot), slot_is_substitute(&slot));
    if (slot.on_trial || slot_is_substitute(&slot))
        try_to("confirm", slot_confirm(&slot));
    else if (slot_is_back(&slot))
        try_to("give up", slot_give_up(&slot));
}

bool network_was_given_address(const struct network *network)
{
    (void)network;
    return false;
}

void machine_end(struct machine *machine, enum power power)
{
    (void)machine;
    printf("end %d\n", power);
}

void machine_look_for_updates(struct machine *machine)
{
    (void)machine;
}

/* The old version comes up after a trial, without /data; `data` is its partition, "" = it has none. */
static void run_fall_back(const char *data)
{
    static struct machine machine = {
        .config = {.settings = "conf"},
        .slot = {.running = 'a', .known = true, .state = {5, 'a', 'b', 0}, .device = "/dev/vda3"},
    };

    snprintf(machine.config.data, sizeof machine.config.data, "%s", data);
    probation_begin(&machine);
    printf("on trial %c\n", machine.slot.state.trial ? machine.slot.state.trial : '-');
}

/* The app and the question for its health, played by the script of run_supervision. */
static int64_t now_ms = 1000;
static const char *asked;
static bool ended;

int64_t __real_loop_now(void);
int64_t __wrap_loop_now(void)
{
    return getenv("JOURNAL_SCRIPT") ? now_ms : __real_loop_now();
}

void health_init(struct health *health, struct loop *loop, void (*answered)(void *, int),
                 void *owner)
{
    health->loop = loop;
    health->answered = answered;
    health->owner = owner;
}

void health_ask(struct health *health, const struct health_place *place, const char *path)
{
    (void)health;
    asked = strcmp(place->host, "10.0.2.15") == 0 ? path : "nothing";
}

void health_forget(struct health *health)
{
    (void)health;
    asked = NULL;
}

void app_fail(struct app *app)
{
    app->pid = 0;
    ended = true;
}

void app_is_well(struct app *app)
{
    (void)app;
}

static void choose_host(void *owner, char host[64])
{
    (void)owner;
    snprintf(host, 64, "10.0.2.15");
}

/* So much later the next question is due, and is answered with a status, 0 = not at all. */
static void step(struct supervision *supervision, int64_t pause_ms, int status)
{
    now_ms += pause_ms;
    supervision->next.fired(supervision->next.owner);
    if (asked)
        supervision->health.answered(supervision->health.owner, status);
    asked = NULL;
}

/* $JOURNAL_SCRIPT: words `deaf`, `hears`, `held`, `trial`, `confirmed`, `STATUS@SECONDS`. */
static void run_supervision(const char *health)
{
    static struct loop loop;
    static struct supervision supervision;
    struct app app = {.name = "hello", .pid = 7, .ready_fd = 3, .started_ms = now_ms};
    struct span rest = span_of(getenv("JOURNAL_SCRIPT")), word;
    int status, seconds;

    loop_init(&loop);
    app.ready.port = 80;
    supervision_open(&supervision, &loop, &app, health, false, choose_host, NULL);
    while (!ended && span_next_word(&rest, &word)) {
        if (span_equals(word, "deaf"))
            app.ready.port = 0;
        else if (span_equals(word, "hears"))
            app.ready.port = 80;
        else if (span_equals(word, "held"))
            supervision.held = true;
        else if (span_equals(word, "trial"))
            supervision.on_trial = true;
        else if (span_equals(word, "confirmed"))
            supervision_end_trial(&supervision);
        else if (sscanf(word.start, "%d@%d", &status, &seconds) == 2)
            step(&supervision, (int64_t)seconds * 1000, status);
    }
    printf("%s after %d s\n", ended ? "ended" : "runs", (int)(now_ms / 1000) - 1);
}

void recovery_url(const struct recovery *recovery, const char *host, char url[128])
{
    snprintf(url, 128, "%s://%s:8443/", recovery->secure ? "https" : "http", host);
}

static void welcome_word(struct machine *machine, struct span word)
{
    struct interface *interfaces = machine->network.interfaces;

    if (span_equals(word, "code"))
        snprintf(machine->claim.code, sizeof machine->claim.code, "AB12");
    else if (span_equals(word, "owner"))
        close(__real_open(inside("/data/.fapws4/users", (char[512]){0}), O_CREAT, 0600));
    else if (span_equals(word, "pages")) {
        machine->pages.open = machine->pages.recovery.secure = true;
        snprintf(machine->pages.certificate.fingerprint, 96, "12:34");
    } else if (span_equals(word, "address"))
        interfaces[1].lease.address = 0x0a00020f;
    else if (span_equals(word, "alone"))
        interfaces[0].lease.address = 0xa9fe0707;
    else if (span_equals(word, "name"))
        snprintf(machine->name.text, sizeof machine->name.text, "shop.local");
    else if (span_equals(word, "elsewhere"))
        machine->app.ready = (struct ready){.host = "10.9.9.9", .port = 8000};
    else if (span_equals(word, "ended"))
        machine->app.ready.port = 0;
    else if (span_equals(word, "app") && machine->app.ready.port == 0)
        machine->app.ready = (struct ready){.host = "::", .port = 80};
    welcome_changed(machine);
}

/* $JOURNAL_SCRIPT: words of what has changed, with commas where so much time passes that it is shown. */
static void run_welcome(void)
{
    static struct machine machine = {.config.name = "shop"};
    struct span rest = span_of(getenv("JOURNAL_SCRIPT")), word;
    bool more = true;

    loop_init(&machine.loop);
    welcome_init(&machine);
    while (more) {
        more = span_next_word(&rest, &word);
        bool passes = !more || word.start[word.length - 1] == ',';

        if (more)
            welcome_word(&machine, (struct span){word.start, word.length - passes});
        if (passes && machine.welcome.settle.due_ms) {
            now_ms = machine.welcome.settle.due_ms;
            loop_turn(&machine.loop);
        }
    }
}

static void run_mounts(void)
{
    int made = mounts_make();
    int further = mounts_make_further();

    printf("%d %d %d\n", made, further, mounts_seal());
}

static void run_kernel(void)
{
    int switches = kernel_set_switches();

    printf("%d %d\n", switches, kernel_set_name("hello"));
}

static void run_modules(void)
{
    static struct modules modules;

    modules_init(&modules);
    modules_load_always(&modules);
    modules_coldplug(&modules);
    modules_load_for(&modules, "usb:v0BDAp8152");
    modules_coldplug(&modules);
    printf("loaded %d\n", modules.loaded);
}

static void hear(struct nodes *nodes, const char *action, const char *subsystem, int first,
                 int second, const char *name)
{
    char message[256];
    int length = snprintf(message, sizeof message,
                          "ACTION=%s%cSUBSYSTEM=%s%cMAJOR=%d%cMINOR=%d%cDEVNAME=%s", action, 0,
                          subsystem, 0, first, 0, second, 0, name);

    nodes_happened(nodes, (struct span){message, (size_t)length + 1});
    printf("%s%s %s %d:%d %s\n", action, action[0] == 'a' ? "ed" : "d", subsystem, first, second,
           name);
}

/* In /sys there is what the test has put there, and nothing of what comes later. */
static void run_nodes(const char *patterns)
{
    static struct nodes nodes;

    nodes_init(&nodes, "hello", patterns ? patterns : "");
    nodes_refresh(&nodes);
    puts("refreshed");
    nodes_refresh(&nodes);
    puts("refreshed");
    hear(&nodes, "add", "tty", 188, 1, "ttyUSB1");
    hear(&nodes, "add", "block", 8, 0, "ttyUSB7");
    hear(&nodes, "add", "tty", 4, 64, "ttyS0");
    hear(&nodes, "add", "tty", 188, 2, "ttyUSB1");
    hear(&nodes, "remove", "tty", 188, 2, "ttyUSB1");
    hear(&nodes, "remove", "tty", 188, 3, "ttyUSB3");
    hear(&nodes, "add", "tty", 188, 5, "ttyUSB5");
    nodes_happened(&nodes, (struct span){"", 0});
    puts("missed");
}

/* What the process that reads the network may say when it is no longer itself. */
static void run_clock(void)
{
    struct clock clock = {.built = 1700000000};
    struct host_address server = {{0}};

    printf("%d\n", clock_take(&clock, INT64_MAX, &server) || clock_take(&clock, INT64_MIN, &server));
}

static void run_power(enum power power)
{
    static struct watchdog watchdog;

    printf("watchdog %d\n", watchdog_open(&watchdog));
    power_finish(power, &watchdog);
}

int main(int argc, char **argv)
{
    const char *duty = argc == 2 ? argv[1] : "";

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(duty, "mounts") == 0)
        run_mounts();
    else if (strcmp(duty, "kernel") == 0)
        run_kernel();
    else if (strcmp(duty, "storage") == 0)
        run_storage(getenv("JOURNAL_DATA"));
    else if (strcmp(duty, "no-storage") == 0)
        run_storage("");
    else if (strcmp(duty, "modules") == 0)
        run_modules();
    else if (strcmp(duty, "nodes") == 0)
        run_nodes(getenv("JOURNAL_SCRIPT"));
    else if (strcmp(duty, "record") == 0)
        run_record(true, false, NULL);
    else if (strcmp(duty, "record-fault") == 0)
        run_record(true, false, "a fault");
    else if (strcmp(duty, "record-watchdog") == 0)
        run_record(true, true, NULL);
    else if (strcmp(duty, "record-memory") == 0)
        run_record(false, false, "a fault");
    else if (strcmp(duty, "failure") == 0)
        run_failure(true);
    else if (strcmp(duty, "no-failure") == 0)
        run_failure(false);
    else if (strcmp(duty, "welcome") == 0)
        run_welcome();
    else if (strcmp(duty, "status") == 0)
        run_status(getenv("JOURNAL_SCRIPT"));
    else if (strcmp(duty, "supervision") == 0)
        run_supervision("/well");
    else if (strcmp(duty, "slot") == 0)
        run_slot();
    else if (strcmp(duty, "clock") == 0)
        run_clock();
    else if (strcmp(duty, "fall-back") == 0)
        run_fall_back(getenv("JOURNAL_DATA"));
    else if (strcmp(duty, "fall-back-memory") == 0)
        run_fall_back("");
    else if (strcmp(duty, "power-off") == 0)
        run_power(POWER_OFF);
    else if (strcmp(duty, "restart") == 0)
        run_power(POWER_RESTART);
    else
        return 2;
    return 0;
}
