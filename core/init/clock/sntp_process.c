#include "sntp_process.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../chance.h"
#include "../child.h"
#include "../loop.h"

/* Descriptors of the process once it has moved in. */
enum { REPORTS = 3, SERVERS = 4 };

/* loop_now's clock, finer. */
static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A question that cannot be sent is one that was lost: the next round comes by itself. */
static void ask(const struct sntp_client *client)
{
    uint8_t packet[SNTP_SIZE];

    for (int i = 0; i < client->count; i++) {
        struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(SNTP_PORT)};

        memcpy(&to.sin6_addr, client->servers[i].address.bytes, sizeof to.sin6_addr);
        if (sntp_client_question(client, i, packet))
            sendto(SERVERS, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to);
    }
}

static void act(const struct sntp_client *client, enum sntp_act what)
{
    struct sntp_report report = {what, client->best};

    if (what == SNTP_ASK)
        ask(client);
    if ((what == SNTP_TELL || what == SNTP_DOUBT) &&
        send(REPORTS, &report, sizeof report, MSG_NOSIGNAL) < 0)
        _exit(1); /* PID 1 does not listen any more */
}

static void receive(struct sntp_client *client)
{
    uint8_t packet[512];
    struct sockaddr_in6 from = {0};
    struct host_address server;
    socklen_t size = sizeof from;
    ssize_t length =
        recvfrom(SERVERS, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);

    memcpy(server.bytes, &from.sin6_addr, sizeof server.bytes);
    if (length > 0 && from.sin6_port == htons(SNTP_PORT))
        act(client, sntp_client_receive(client, &server, packet, (size_t)length, now_us()));
}

static void converse(const struct sntp_order *order)
{
    struct sntp_client client;
    struct pollfd polled[] = {{SERVERS, POLLIN, 0}, {REPORTS, 0, 0}};

    sntp_client_begin(&client, order->servers, order->count, order->earliest, order->latest,
                      order->known_us, chance, now_us());
    for (;;) {
        act(&client, sntp_client_due(&client, now_us()));
        poll(polled, 2, loop_until(client.due_us / 1000 + 1));
        if (polled[1].revents)
            _exit(0);
        if (polled[0].revents)
            receive(&client);
    }
}

/* For both kinds of addresses. */
static int open_socket(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), off = 0;

    return fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0 ? fd : -1;
}

static void run(const void *given, int reports)
{
    int fds[] = {-1, -1, -1, reports, open_socket()};

    if (fds[SERVERS] < 0)
        _exit(2);
    child_keep(fds, SERVERS + 1);
    if (!child_confine(CHILD_EMPTY_ROOT, POLICY_SNTP_UID, SERVERS + 1))
        _exit(3);
    converse(given);
}

pid_t sntp_process_start(const struct sntp_order *order, int *reports)
{
    return child_start(run, order, reports);
}
