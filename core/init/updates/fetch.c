#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../child.h"
#include "../log/console.h"
#include "../duty.h"

enum { PACKETS = 3 };

static const char authorities[] = "/etc/appliance.ca";

/* A Python of the archive's own (frozen/python.h), without any right. */
static void run(const void *order, int packets)
{
    const struct fetch *fetch = order;
    const struct config *config = fetch->config;
    const char *seen = fetch->courier.state.seen;
    const bool plain = access(authorities, R_OK) != 0;
    struct rlimit none = {0, 0};
    struct rlimit small = {1 << 20, 1 << 20}; /* files of the archive are such files when read */
    int fds[] = {-1, fetch->output.ends[1], fetch->output.ends[1], packets};
    char *argv[] = {"/appliance/bin/python",
                    "-c",
                    "from fapws4.fetch.courier import main; main()",
                    (char *)config->update_from,
                    plain ? "-" : (char *)authorities,
                    (char *)config->name,
                    (char *)config->board,
                    (char *)config->counter,
                    seen[0] ? (char *)seen : "-",
                    NULL};
    char *environment[] = {"LANG=C.UTF-8", NULL};

    child_keep(fds, PACKETS + 1);
    if (child_become(POLICY_FETCH_UID) && setrlimit(RLIMIT_NPROC, &none) == 0 &&
        setrlimit(RLIMIT_FSIZE, &small) == 0)
        execve("/init", argv, environment);
    courier_say(PACKETS, "nothing the registry cannot be looked at: no process");
    _exit(127);
}

/* Devices that were switched on together shall not come together for ever. */
static void set_timer(struct fetch *fetch, unsigned seconds)
{
    uint16_t chance = 0;

    (void)!getrandom(&chance, sizeof chance, GRND_NONBLOCK);
    if (fetch->every)
        loop_set(fetch->courier.loop, &fetch->timer,
                 (int64_t)seconds * 1000 + (int64_t)seconds * 100 * chance / UINT16_MAX);
}

static void start(struct fetch *fetch)
{
    set_timer(fetch, fetch->every);
    if (fetch->courier.pid == 0)
        try_to("look at the registry",
               courier_start(&fetch->courier, true, fetch->wanted ? "" : fetch->failed, run, fetch));
}

static void timer_fired(void *owner)
{
    start(owner);
}

static void tell(struct fetch *fetch, const char *text)
{
    if (!fetch->wanted && strcmp(fetch->shown, text) == 0)
        return;
    say("registry: %s", text);
    memcpy(fetch->shown, text, strlen(text) + 1);
}

static void told(void *owner, enum courier_act act)
{
    struct fetch *fetch = owner;
    const struct courier_state *found = &fetch->courier.state;
    char text[COURIER_TEXT];

    if (act == COURIER_INSTALL)
        say("registry: version %s is being installed (%s)", found->version, found->where);
    if (act == COURIER_ASK) {
        snprintf(text, sizeof text, "version %s, which has failed, is there still", found->version);
        tell(fetch, text);
        courier_dismiss(&fetch->courier);
    }
    if (act == COURIER_TELL || act == COURIER_QUIT) {
        tell(fetch, act == COURIER_TELL ? found->text : "it could not be looked at");
        fetch->wanted = false;
    }
}

bool fetch_look(struct fetch *fetch)
{
    if (!fetch->begun)
        return false;
    fetch->wanted = true;
    fetch->courier.state.seen[0] = '\0';
    start(fetch);
    return true;
}

bool fetch_reaped(struct fetch *fetch, pid_t pid)
{
    if (!fetch->begun || !courier_reaped(&fetch->courier, pid))
        return false;
    output_end(&fetch->output);
    return true;
}

void fetch_open(struct fetch *fetch, struct loop *loop, const struct config *config,
                const char *failed)
{
    if (config->update_from[0] == '\0')
        return;
    *fetch = (struct fetch){.config = config,
                            .failed = failed,
                            .every = (unsigned)strtoul(config->update_every, NULL, 10)};
    fetch->timer = (struct timer){.fired = timer_fired, .owner = fetch};
    try_to("hear what looks into the registry", output_open(&fetch->output, loop, LOG_FETCH));
    courier_init(&fetch->courier, loop, told, fetch);
}

void fetch_begin(struct fetch *fetch)
{
    if (fetch->config == NULL || fetch->begun)
        return;
    fetch->begun = true;
    set_timer(fetch, fetch->every < POLICY_FETCH_FIRST ? fetch->every : POLICY_FETCH_FIRST);
}
