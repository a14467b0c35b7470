#include "time_servers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../log/console.h"

static void doubt(struct time_servers *servers, const struct sntp_best *best)
{
    char address[INET6_TEXT_SIZE];
    int64_t now = loop_now();

    if (servers->doubted_ms && now - servers->doubted_ms < POLICY_LOG_EVERY)
        return;
    servers->doubted_ms = now;
    host_address_text(&best->server, address);
    say("clock: the time server %s is more than %d s off; it is not believed yet", address,
        SNTP_JUMP);
}

/* What comes from a process that reads the network is checked again by who uses it. */
static void report_ready(void *owner)
{
    struct time_servers *servers = owner;
    struct sntp_report report;
    ssize_t length = recv(servers->reports, &report, sizeof report, MSG_TRUNC);

    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        loop_forget(servers->loop, servers->reports); /* it will be reaped */
    if (length != sizeof report)
        return;
    if (report.act == SNTP_TELL)
        clock_take(servers->clock, report.best.sample.started_us, &report.best.server);
    else if (report.act == SNTP_DOUBT)
        doubt(servers, &report.best);
}

static void schedule(struct time_servers *servers)
{
    loop_set(servers->loop, &servers->restart,
             backoff_next(&servers->backoff, loop_now() - servers->started_ms));
}

static void start(void *owner)
{
    struct time_servers *servers = owner;

    if (servers->order.count == 0 || servers->ended)
        return;
    servers->order.known_us = clock_known_us(servers->clock);
    servers->started_ms = loop_now();
    servers->pid = sntp_process_start(&servers->order, &servers->reports);
    if (servers->pid > 0) {
        loop_watch(servers->loop, servers->reports, POLLIN, report_ready, servers);
        return;
    }
    servers->pid = 0;
    schedule(servers);
}

/* It sees that nobody hears it any more, and is reaped as a process that nobody knows. */
static void stop(struct time_servers *servers)
{
    loop_unset(servers->loop, &servers->restart);
    if (servers->pid == 0)
        return;
    loop_forget(servers->loop, servers->reports);
    close(servers->reports);
    kill(servers->pid, SIGKILL);
    servers->pid = 0;
}

void time_servers_open(struct time_servers *servers, struct loop *loop, struct clock *clock)
{
    *servers = (struct time_servers){.loop = loop, .clock = clock};
    servers->restart = (struct timer){.fired = start, .owner = servers};
    servers->order.earliest = clock->built;
    servers->order.latest = clock_latest(clock->built);
}

void time_servers_ask(struct time_servers *servers, const struct host_address *addresses, int count)
{
    struct sntp_order *order = &servers->order;
    struct host_address wanted[SNTP_SERVERS] = {0};

    count = count < SNTP_SERVERS ? count : SNTP_SERVERS;
    for (int i = 0; i < count; i++)
        wanted[i] = addresses[i];
    if ((count == order->count && memcmp(wanted, order->servers, sizeof wanted) == 0) ||
        (servers->ended && count == 0))
        return;
    servers->ended = false;
    stop(servers);
    memcpy(order->servers, wanted, sizeof wanted);
    order->count = count;
    start(servers);
}

void time_servers_end(struct time_servers *servers)
{
    servers->ended = true;
    stop(servers);
}

bool time_servers_reaped(struct time_servers *servers, pid_t pid)
{
    if (pid != servers->pid || pid == 0)
        return false;
    loop_forget(servers->loop, servers->reports);
    close(servers->reports);
    servers->pid = 0;
    schedule(servers);
    return true;
}
