#include "health.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asker.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

int health_status(struct span answer)
{
    static const char begin[] = "HTTP/1.";
    const char *text = answer.start;
    size_t known = answer.length < sizeof begin - 1 ? answer.length : sizeof begin - 1;

    if (memcmp(text, begin, known) != 0)
        return 0;
    if (answer.length < sizeof "HTTP/1.1 200" - 1)
        return HEALTH_MORE;
    if (!is_digit(text[7]) || text[8] != ' ' || text[9] < '1' || text[9] > '5' ||
        !is_digit(text[10]) || !is_digit(text[11]))
        return 0;
    return (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
}

void health_forget(struct health *health)
{
    loop_unset(health->loop, &health->patience);
    loop_forget(health->loop, health->fd);
    if (health->fd >= 0)
        close(health->fd);
    health->fd = -1;
}

static void answer(struct health *health, int status)
{
    health_forget(health);
    health->answered(health->owner, status);
}

static void patience_fired(void *owner)
{
    answer(owner, 0);
}

static void answer_ready(void *owner)
{
    struct health *health = owner;
    ssize_t count = read(health->fd, health->answer + health->answer_length,
                         sizeof health->answer - health->answer_length);
    int status;

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        answer(health, 0);
        return;
    }
    health->answer_length += (size_t)count;
    status = health_status((struct span){health->answer, health->answer_length});
    if (status != HEALTH_MORE)
        answer(health, status);
}

/* So short a question leaves in one piece, or the connection does not stand. */
static void connected(void *owner)
{
    struct health *health = owner;
    ssize_t count = send(health->fd, health->request, health->request_length, MSG_NOSIGNAL);

    loop_forget(health->loop, health->fd);
    if (count != (ssize_t)health->request_length ||
        loop_watch(health->loop, health->fd, POLLIN, answer_ready, health) != 0)
        answer(health, 0);
}

void health_init(struct health *health, struct loop *loop, void (*answered)(void *, int),
                 void *owner)
{
    memset(health, 0, sizeof *health);
    health->loop = loop;
    health->fd = -1;
    health->patience = (struct timer){.fired = patience_fired, .owner = health};
    health->answered = answered;
    health->owner = owner;
}

static int begin(struct health *health, const struct health_place *place)
{
    struct span question = {health->request, health->request_length};

    health->fd = place->secure ? asker_start(place->host, place->port, question)
                               : asker_connect(place->host, place->port, SOCK_NONBLOCK);
    if (health->fd < 0)
        return ECONNREFUSED;
    return loop_watch(health->loop, health->fd, place->secure ? POLLIN : POLLOUT,
                      place->secure ? answer_ready : connected, health);
}

/* The answer, a failure included, comes from the loop and never from inside this call. */
void health_ask(struct health *health, const struct health_place *place, const char *path)
{
    bool v6 = strchr(place->host, ':') != NULL;
    int length = snprintf(health->request, sizeof health->request,
                          "%s %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: fapws4-init\r\n"
                          "Connection: close\r\n\r\n",
                          strcmp(path, "*") == 0 ? "OPTIONS" : "GET", path, v6 ? "[" : "",
                          place->host, v6 ? "]" : "", place->port);

    health_forget(health);
    health->answer_length = 0;
    health->request_length = (size_t)length;
    loop_set(health->loop, &health->patience, POLICY_HEALTH_ANSWER);
    if (length < 0 || length >= (int)sizeof health->request || begin(health, place) != 0)
        loop_set(health->loop, &health->patience, 0);
}
