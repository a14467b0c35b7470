/* The load generator: so many connections, each with one batch of requests in flight, in a closed
 * loop for so many seconds. Does as little as can be done, so that the server is what saturates.
 *
 * Usage: load PORT CONNECTIONS SECONDS DEPTH keep|close REQUEST_SIZE FILE
 *
 * FILE holds requests of REQUEST_SIZE bytes each, which are sent in turn, DEPTH at once. All
 * answers must be a 200 with a Content-Length, and as long as the first one. Prints "ready" when
 * all is connected, begins when a line comes in, and ends with one line of JSON; the latencies are
 * of batches, in microseconds. */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_DEPTH 64
#define MAX_BATCH 65536 /* a batch must fit into the socket's buffer: sending never waits */
#define MAX_LATENCY 1000000
#define SOURCES 200 /* local addresses, each with ports of its own */
#define EVENTS 1024
#define PATIENCE 5000 /* milliseconds for the first answer */
#define RECEIVE_SIZE (1 << 18)

struct connection {
    struct transport *transport;
    int address;
    size_t received; /* of the present batch */
    double sent_at;
};

struct result {
    unsigned long requests;
    unsigned long batches;
    unsigned long failed;     /* answers that are no 200, or cut short */
    unsigned long reconnects; /* closed by the server though they should be kept */
};

static int port, depth, events;
static bool keep;
static char *requests;
static size_t request_size, request_count, next_request, answer_size;
static char received[RECEIVE_SIZE];
static unsigned latencies[MAX_LATENCY];
static struct result result;

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *why)
{
    fprintf(stderr, "load: %s\n", why);
    exit(2);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* A connected socket, from one of the local addresses. */
static int dial(int source)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM, 0);

    from.sin_addr.s_addr = htonl(0x7f000101U + (unsigned)(source % SOURCES)); /* 127.0.1.1 on */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((unsigned short)port);
    if (descriptor < 0 ||
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) != 0 ||
        bind(descriptor, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(descriptor, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
        fail("connecting");
    return descriptor;
}

static void send_batch(struct connection *connection)
{
    struct iovec parts[MAX_DEPTH];

    for (int i = 0; i < depth; i++) {
        parts[i].iov_base = requests + next_request * request_size;
        parts[i].iov_len = request_size;
        next_request = next_request + 1 < request_count ? next_request + 1 : 0;
    }
    connection->received = 0;
    connection->sent_at = now();
    if (!transport_send(connection->transport, parts, depth))
        result.failed++; /* the server has closed: reading will say so */
}

static void open_connection(struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int descriptor = dial(connection->address);

    connection->transport = transport_open(descriptor);
    if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void reopen(struct connection *connection)
{
    transport_close(connection->transport);
    open_connection(connection);
    send_batch(connection);
}

static void end_batch(struct connection *connection, double time)
{
    double latency = (time - connection->sent_at) * 1e6;

    latencies[latency < MAX_LATENCY - 1 ? (unsigned)latency : MAX_LATENCY - 1]++;
    result.batches++;
    if (keep)
        send_batch(connection);
    else
        reopen(connection);
}

/* Looks at the first bytes of every answer that begins in what was received just now. */
static void look(const struct connection *connection, size_t got)
{
    size_t into = connection->received % answer_size;

    for (size_t at = into == 0 ? 0 : answer_size - into; at + 12 <= got; at += answer_size)
        if (memcmp(received + at, "HTTP/1.1 200", 12) != 0)
            result.failed++;
}

static void on_readable(struct connection *connection)
{
    ssize_t got = transport_receive(connection->transport, received, sizeof(received));
    size_t before = connection->received / answer_size;

    if (got < 0)
        return;
    if (got == 0) {
        result.failed += connection->received % answer_size != 0;
        result.reconnects++;
        reopen(connection);
        return;
    }
    look(connection, (size_t)got);
    connection->received += (size_t)got;
    result.requests += connection->received / answer_size - before;
    if (connection->received >= answer_size * (size_t)depth)
        end_batch(connection, now());
}

/* What has come of the first answer once its head is whole; its end, or NULL for an answer without
 * one. */
static const char *receive_head(struct transport *transport, int descriptor)
{
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    const char *end = NULL;
    size_t size = 0;

    while (end == NULL && size < sizeof(received) - 1 && poll(&waiting, 1, PATIENCE) == 1) {
        ssize_t got = transport_receive(transport, received + size, sizeof(received) - size - 1);

        if (got == 0)
            break;
        size += got > 0 ? (size_t)got : 0;
        received[size] = '\0';
        end = strstr(received, "\r\n\r\n");
    }
    return end;
}

/* The length of an answer, by asking once. */
static size_t learn(void)
{
    struct iovec request = {.iov_base = requests, .iov_len = request_size};
    int descriptor = dial(0);
    struct transport *transport = transport_open(descriptor);
    const char *end, *length;

    if (!transport_send(transport, &request, 1))
        refuse("the server closes before it is asked");
    end = receive_head(transport, descriptor);
    if (end == NULL)
        refuse("the server does not answer");
    length = strcasestr(received, "\r\nContent-Length:");
    if (strncmp(received, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end)
        refuse("the answer is no 200 with a Content-Length");
    transport_close(transport);
    return (size_t)(end + 4 - received) + strtoul(length + 17, NULL, 10);
}

static void read_requests(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size <= 0 || fseek(file, 0, SEEK_SET) != 0)
        fail(path);
    requests = malloc((size_t)size);
    if (requests == NULL || fread(requests, 1, (size_t)size, file) != (size_t)size)
        fail(path);
    fclose(file);
    if (request_size == 0 || (size_t)size % request_size != 0)
        refuse("the file does not hold requests of that size");
    request_count = (size_t)size / request_size;
}

static unsigned percentile(double share)
{
    unsigned long sum = 0;

    for (unsigned i = 0; i < MAX_LATENCY; i++) {
        sum += latencies[i];
        if (sum > 0 && (double)sum >= (double)result.batches * share)
            return i;
    }
    return MAX_LATENCY;
}

static void report(double seconds)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("{\"requests\": %lu, \"batches\": %lu, \"seconds\": %.6f, \"failed\": %lu, "
           "\"reconnects\": %lu, \"p50\": %u, \"p90\": %u, \"p99\": %u, \"p999\": %u, "
           "\"busy\": %.3f}\n",
           result.requests, result.batches, seconds, result.failed, result.reconnects,
           percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
           ((double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6) /
               seconds);
}

int main(int argc, char **argv)
{
    struct epoll_event ready[EVENTS];
    struct connection *connections;
    double began, end;
    int count;

    if (argc != 8)
        refuse("usage: load PORT CONNECTIONS SECONDS DEPTH keep|close REQUEST_SIZE FILE");
    port = (int)strtol(argv[1], NULL, 10);
    count = (int)strtol(argv[2], NULL, 10);
    depth = (int)strtol(argv[4], NULL, 10);
    keep = strcmp(argv[5], "keep") == 0;
    request_size = strtoul(argv[6], NULL, 10);
    read_requests(argv[7]);
    if (depth < 1 || depth > MAX_DEPTH || request_size * (size_t)depth > MAX_BATCH)
        refuse("a batch is at most 64 requests and 64 KB");
    answer_size = learn();
    events = epoll_create1(0);
    connections = calloc((size_t)count, sizeof(*connections));
    if (events < 0 || connections == NULL)
        fail("beginning");
    for (int i = 0; i < count; i++) {
        connections[i].address = i;
        open_connection(&connections[i]);
    }
    printf("ready\n");
    fflush(stdout);
    if (getchar() == EOF)
        return 0;
    began = now();
    for (int i = 0; i < count; i++)
        send_batch(&connections[i]);
    for (end = began + strtod(argv[3], NULL); now() < end;) {
        int got = epoll_wait(events, ready, EVENTS, 100);

        for (int i = 0; i < got; i++)
            on_readable(ready[i].data.ptr);
    }
    report(now() - began);
    return 0;
}
