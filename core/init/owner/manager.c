#include "manager.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../child.h"
#include "../log/console.h"
#include "door.h"
#include "../duty.h"
#include "../app/rights.h"
#include "../app/sandbox.h"

enum { LISTENER = 3, OPEN_FILES = 256, LARGEST_FILE = 64 << 20 };

/* It is root for its own files and for who root is to others. Of root's rights it has those by
 * which the app's settings are written in a restore. */
static const uint64_t rights = UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_DAC_OVERRIDE;

static const struct landlock_place places[] = {
    {"/init", LANDLOCK_RUN},
    {"/etc", LANDLOCK_READ},
    {"/proc", LANDLOCK_READ},
    {"/sys", LANDLOCK_READ},
    {"/run/hosts", LANDLOCK_READ},
    {"/dev/null", LANDLOCK_CHANGE},
    {"/dev/urandom", LANDLOCK_READ},
    {DOOR_FOLDER, LANDLOCK_POSSESS},
    {"/data/.fapws4", LANDLOCK_POSSESS},
    {"/data/app", LANDLOCK_POSSESS},
};

static int confine(void)
{
    struct rlimit files = {OPEN_FILES, OPEN_FILES}, size = {LARGEST_FILE, LARGEST_FILE};

    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_FSIZE, &size) != 0)
        return errno;
    return sandbox_keep_root(rights, places, sizeof places / sizeof places[0]);
}

static void run(const void *owner)
{
    const struct manager *manager = owner;
    int fds[] = {-1, manager->output.ends[1], manager->output.ends[1], manager->process.listener};
    char listener[16], idle[16], root[16], app[16];
    char *argv[] = {"/appliance/bin/python",
                    "-c",
                    "from fapws4.manager.server import main; main()",
                    listener,
                    idle,
                    root,
                    app,
                    NULL};
    char *environment[] = {"LANG=C.UTF-8", NULL};
    int error;

    snprintf(listener, sizeof listener, "%d", LISTENER);
    snprintf(idle, sizeof idle, "%d", POLICY_MANAGER_IDLE);
    snprintf(root, sizeof root, "%d", 0);
    snprintf(app, sizeof app, "%d", POLICY_APP_UID);
    child_keep(fds, LISTENER + 1);
    error = confine();
    if (!error) {
        execve("/init", argv, environment);
        error = errno;
    }
    dprintf(2, "cannot run: %s\n", strerror(error));
    _exit(127);
}

void manager_open(struct manager *manager, struct loop *loop)
{
    int door;

    manager->process.listener = -1;
    if (!manager_linked)
        return;
    door = door_open(MANAGER_DOOR, POLICY_APP_UID);
    if (!try_to("open the door for the manager", door < 0 ? -door : 0))
        return;
    try_to("hear what the manager says", output_open(&manager->output, loop, LOG_MANAGER));
    samples_open(&manager->samples, loop);
    activated_open(&manager->process, loop, "the manager", door, run, manager);
    if (access(MANAGER_JOURNAL, F_OK) == 0)
        activated_start(&manager->process);
}

bool manager_reaped(struct manager *manager, pid_t pid, int status)
{
    if (!activated_reaped(&manager->process, pid, status))
        return false;
    output_end(&manager->output);
    return true;
}
