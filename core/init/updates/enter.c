#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "../file.h"

static void drop(struct enter *enter, int index)
{
    loop_forget(enter->loop, enter->fds[index]);
    close(enter->fds[index]);
    enter->fds[index] = -1;
}

/* The terminal gives whole lines. Noise on an open serial line hardly ever is an empty one. */
static bool read_lines(struct enter *enter, int index)
{
    char line[256];
    ssize_t length;
    bool pressed = false;

    while ((length = read(enter->fds[index], line, sizeof line)) > 0)
        pressed = pressed || (length == 1 && line[0] == '\n');
    if (length == 0 || (errno != EAGAIN && errno != EINTR))
        drop(enter, index);
    return pressed;
}

/* The loop does not say which descriptor is ready; reading one that is not is harmless. */
static void ready(void *owner)
{
    struct enter *enter = owner;
    bool pressed = false;

    for (int i = 0; i < enter->count; i++)
        if (enter->fds[i] >= 0 && read_lines(enter, i))
            pressed = true;
    if (pressed)
        enter->pressed(enter->owner);
}

static void add(struct enter *enter, struct span name)
{
    char path[64] = "/dev/";
    int fd;

    if (enter->count == POLICY_CONSOLES || !span_copy(name, path + 5, sizeof path - 5))
        return;
    fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    tcflush(fd, TCIFLUSH);
    enter->fds[enter->count++] = fd;
    loop_watch(enter->loop, fd, POLLIN, ready, enter);
}

void enter_listen(struct enter *enter, struct loop *loop, void (*pressed)(void *), void *owner)
{
    char names[256];
    struct span rest = file_read("/sys/class/tty/console/active", names, sizeof names);
    struct span name;

    enter_ignore(enter);
    *enter = (struct enter){.loop = loop, .pressed = pressed, .owner = owner};
    while (span_next_word(&rest, &name))
        add(enter, name);
}

void enter_ignore(struct enter *enter)
{
    for (int i = 0; i < enter->count; i++)
        if (enter->fds[i] >= 0)
            drop(enter, i);
    enter->count = 0;
}
