#include "buttons.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* struct input_event as the kernel writes it: two longs of time on every machine, whatever
 * libc's time_t is. */
struct key_event {
    unsigned long time[2];
    uint16_t type;
    uint16_t code;
    int32_t value;
};

static bool has_power_key(int fd)
{
    unsigned char keys[KEY_MAX / 8 + 1] = {0};

    return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys) >= 0 &&
           (keys[KEY_POWER / 8] >> KEY_POWER % 8 & 1);
}

static void unplug(struct buttons *buttons, struct button *button)
{
    loop_forget(buttons->loop, button->fd);
    close(button->fd);
    button->fd = -1;
}

static bool is_press(const struct key_event *event)
{
    return event->type == EV_KEY && event->code == KEY_POWER && event->value == 1;
}

static void read_button(struct buttons *buttons, struct button *button)
{
    struct key_event event;
    ssize_t length;

    while ((length = read(button->fd, &event, sizeof event)) == (ssize_t)sizeof event)
        if (is_press(&event))
            buttons->pressed(buttons->owner);
    if (length < 0 && errno != EAGAIN && errno != EINTR)
        unplug(buttons, button);
}

/* The loop does not say which descriptor is ready; reading one that is not is harmless. */
static void ready(void *owner)
{
    struct buttons *buttons = owner;

    for (int i = 0; i < POLICY_BUTTONS; i++)
        if (buttons->all[i].fd >= 0)
            read_button(buttons, &buttons->all[i]);
}

/* A free place for `node`; NULL when there is none, or when the node has one already. */
static struct button *place_for(struct buttons *buttons, dev_t node)
{
    struct button *place = NULL;

    for (int i = 0; i < POLICY_BUTTONS; i++) {
        if (buttons->all[i].fd < 0)
            place = &buttons->all[i];
        else if (buttons->all[i].node == node)
            return NULL;
    }
    return place;
}

static void add_path(struct buttons *buttons, const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct button *place;
    struct stat status;

    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && has_power_key(fd) &&
        (place = place_for(buttons, status.st_rdev)) &&
        loop_watch(buttons->loop, fd, POLLIN, ready, buttons) == 0)
        *place = (struct button){fd, status.st_rdev};
    else
        close(fd);
}

void buttons_add(struct buttons *buttons, const char *node)
{
    char path[64];

    snprintf(path, sizeof path, "/dev/%s", node);
    add_path(buttons, path);
}

void buttons_open(struct buttons *buttons, struct loop *loop, void (*pressed)(void *), void *owner)
{
    glob_t found;

    *buttons = (struct buttons){.loop = loop, .pressed = pressed, .owner = owner};
    for (int i = 0; i < POLICY_BUTTONS; i++)
        buttons->all[i].fd = -1;
    if (glob("/dev/input/event*", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_path(buttons, found.gl_pathv[i]);
    globfree(&found);
}
