#include "courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../child.h"

static const char updater[] = "/run/fapws4/update";

static void end_talk(struct courier *courier)
{
    loop_forget(courier->loop, courier->fd);
    if (courier->fd >= 0)
        close(courier->fd);
    courier->fd = -1;
    if (courier->pid > 0)
        kill(courier->pid, SIGKILL);
}

/* One packet with a descriptor; 0 or an errno value. */
static int hand_over(int packets, int session)
{
    char go = '\n';
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof session)] = {0};
    struct iovec part = {&go, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);

    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof session);
    memcpy(CMSG_DATA(item), &session, sizeof session);
    return sendmsg(packets, &message, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

/* Without waiting: the updater's queue has room, or it is too busy for one more anyway. */
static int connect_updater(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int session = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, updater, sizeof updater);
    if (session >= 0 && (connect(session, (struct sockaddr *)&address, sizeof address) != 0 ||
                         fcntl(session, F_SETFL, 0) != 0)) {
        close(session);
        session = -1;
    }
    return session;
}

static void refuse(struct courier *courier, const char *why)
{
    char packet[128];

    snprintf(packet, sizeof packet, "refused %s", why);
    courier_state_hear(&courier->state, span_of(packet));
    end_talk(courier);
    courier->told(courier->owner, COURIER_TELL);
}

static void install(struct courier *courier)
{
    int session = connect_updater();

    if (session < 0)
        refuse(courier, "the updater of this device does not run");
    else if (hand_over(courier->fd, session) != 0)
        refuse(courier, "what has found it is gone");
    if (session >= 0)
        close(session);
}

static void act(struct courier *courier, enum courier_act what)
{
    if (what == COURIER_TELL || what == COURIER_QUIT || what == COURIER_RESET)
        end_talk(courier);
    if (what != COURIER_WAIT)
        courier->told(courier->owner, what);
    if (what == COURIER_INSTALL)
        install(courier);
}

/* Hears one packet; false when there is none. */
static bool hear(struct courier *courier)
{
    char packet[COURIER_TEXT];
    ssize_t length = recv(courier->fd, packet, sizeof packet, 0);

    if (length > 0)
        act(courier, courier_state_hear(&courier->state, (struct span){packet, (size_t)length}));
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        courier_lose(courier);
    return length > 0;
}

static void packet_ready(void *owner)
{
    hear(owner);
}

void courier_init(struct courier *courier, struct loop *loop,
                  void (*told)(void *, enum courier_act), void *owner)
{
    *courier = (struct courier){.loop = loop, .fd = -1, .told = told, .owner = owner};
}

int courier_start(struct courier *courier, bool automatic, const char *failed,
                  void (*run)(const void *, int), const void *order)
{
    courier->pid = child_start(run, order, &courier->fd);
    if (courier->pid < 0) {
        courier->pid = 0;
        return errno;
    }
    courier_state_begin(&courier->state, automatic, failed);
    return loop_watch(courier->loop, courier->fd, POLLIN, packet_ready, courier);
}

bool courier_agree(struct courier *courier)
{
    enum courier_act what = courier_state_agree(&courier->state);

    act(courier, what);
    return what == COURIER_INSTALL;
}

void courier_lose(struct courier *courier)
{
    end_talk(courier);
    act(courier, courier_state_lose(&courier->state));
}

void courier_dismiss(struct courier *courier)
{
    end_talk(courier);
    courier_state_lose(&courier->state);
}

bool courier_reaped(struct courier *courier, pid_t pid)
{
    if (pid != courier->pid || pid == 0)
        return false;
    courier->pid = 0;
    while (courier->fd >= 0 && hear(courier))
        ; /* what it has said last */
    if (courier->fd >= 0)
        courier_lose(courier);
    return true;
}

void courier_say(int packets, const char *format, ...)
{
    char packet[COURIER_TEXT];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(packet, sizeof packet, format, arguments);
    va_end(arguments);
    if (length < 0 || send(packets, packet, strnlen(packet, sizeof packet), MSG_NOSIGNAL) < 0)
        _exit(1);
}

int courier_wait(int packets)
{
    char go;
    int session = -1;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof session)] = {0};
    struct iovec part = {&go, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    const struct cmsghdr *item;

    if (recvmsg(packets, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    item = CMSG_FIRSTHDR(&message);
    if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS)
        memcpy(&session, CMSG_DATA(item), sizeof session);
    return session;
}
