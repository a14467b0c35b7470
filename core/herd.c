#include "herd.h"

#include <string.h>

#ifdef __linux__
#include <sys/epoll.h>

static void register_anew(uv_loop_t *loop, int listener, uint32_t events)
{
    struct epoll_event event;
    int epoll = uv_backend_fd(loop);

    memset(&event, 0, sizeof(event));
    event.events = events;
    event.data.fd = listener;
    if (epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL) == 0)
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
}

void herd_join(uv_loop_t *loop, int listener)
{
    register_anew(loop, listener, EPOLLIN | EPOLLEXCLUSIVE);
}

void herd_leave(uv_loop_t *loop, int listener)
{
    register_anew(loop, listener, EPOLLIN);
}

#else

void herd_join(uv_loop_t *loop, int listener)
{
    (void)loop;
    (void)listener;
}

void herd_leave(uv_loop_t *loop, int listener)
{
    (void)loop;
    (void)listener;
}

#endif
