#include "nodes.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../log/console.h"
#include "../file.h"
#include "../mounts.h"
#include "node_rule.h"
#include "uevent.h"

#define UNFINISHED MOUNTS_APP_DEV "/.unfinished"

enum { UEVENT_SIZE = 4096, PATH_SIZE = sizeof MOUNTS_APP_DEV + NODE_NAME_SIZE };

void nodes_init(struct nodes *nodes, const char *app, const char *patterns)
{
    memset(nodes, 0, sizeof *nodes);
    nodes->app = app;
    nodes->patterns = patterns;
}

static void path_of(const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, MOUNTS_APP_DEV "/%s", name);
}

/* "snd/timer" stands in a folder. */
static void make_folders_above(const char *name)
{
    char path[PATH_SIZE];

    path_of(name, path);
    for (char *slash = strchr(path + sizeof MOUNTS_APP_DEV, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

/* In one step: whoever sees the name can open it, also where an older device's node was still
 * there. */
static int make_node(const struct node *node)
{
    char path[PATH_SIZE];

    path_of(node->name, path);
    make_folders_above(node->name);
    unlink(UNFINISHED);
    if (mknod(UNFINISHED, S_IFCHR | 0600, node->device) == 0 &&
        chown(UNFINISHED, POLICY_APP_UID, POLICY_APP_UID) == 0 && rename(UNFINISHED, path) == 0)
        return 0;
    return errno;
}

static void forget(struct nodes *nodes, struct node *node)
{
    *node = nodes->made[--nodes->count];
}

static void take_away(struct nodes *nodes, struct node *node)
{
    char path[PATH_SIZE];

    path_of(node->name, path);
    unlink(path);
    say("%s no longer has /dev/%s", nodes->app, node->name);
    forget(nodes, node);
}

static struct node *find(struct nodes *nodes, const char *name)
{
    for (int i = 0; i < nodes->count; i++)
        if (strcmp(nodes->made[i].name, name) == 0)
            return &nodes->made[i];
    return NULL;
}

static void add(struct nodes *nodes, const char *name, dev_t device)
{
    struct node *node = find(nodes, name);
    int error = ENOSPC;

    if (node && node->device == device)
        return;
    if (node)
        forget(nodes, node);
    node = &nodes->made[nodes->count];
    if (nodes->count < POLICY_NODES && span_copy(span_of(name), node->name, sizeof node->name)) {
        node->device = device;
        error = make_node(node);
    }
    if (error) {
        warn("cannot give %s /dev/%s: %s", nodes->app, name, strerror(error));
        return;
    }
    nodes->count++;
    say("%s has /dev/%s", nodes->app, name);
}

/* What a uevent says of one device, or a file like it in /sys; that it is no block device the
 * caller knows. */
static void look_at(struct nodes *nodes, struct span uevent, bool there)
{
    const char *name = uevent_value(uevent, "DEVNAME");
    const char *first = uevent_value(uevent, "MAJOR");
    const char *second = uevent_value(uevent, "MINOR");
    struct node *node;

    if (!name || !first || !second || !node_is_wanted(nodes->patterns, name))
        return;
    if (there)
        add(nodes, name,
            makedev((unsigned)strtoul(first, NULL, 10), (unsigned)strtoul(second, NULL, 10)));
    else if ((node = find(nodes, name)))
        take_away(nodes, node);
}

/* A line there is what a field is in a message. */
static void look_at_file(struct nodes *nodes, const char *path)
{
    char text[UEVENT_SIZE];
    struct span lines = file_read(path, text, sizeof text);

    for (size_t i = 0; i < lines.length; i++)
        if (text[i] == '\n')
            text[i] = '\0';
    look_at(nodes, lines, true);
}

static bool is_gone(const struct node *node)
{
    char path[64];

    snprintf(path, sizeof path, "/sys/dev/char/%u:%u", major(node->device), minor(node->device));
    return access(path, F_OK) != 0;
}

void nodes_refresh(struct nodes *nodes)
{
    glob_t found;

    if (nodes->patterns[0] == '\0')
        return;
    for (int i = nodes->count - 1; i >= 0; i--)
        if (is_gone(&nodes->made[i]))
            take_away(nodes, &nodes->made[i]);
    if (glob("/sys/dev/char/*/uevent", GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            look_at_file(nodes, found.gl_pathv[i]);
    globfree(&found);
}

void nodes_happened(struct nodes *nodes, struct span uevent)
{
    const char *action = uevent_value(uevent, "ACTION");
    const char *subsystem = uevent_value(uevent, "SUBSYSTEM");

    if (uevent.length == 0)
        nodes_refresh(nodes);
    else if (action && subsystem && strcmp(subsystem, "block") != 0 &&
             (strcmp(action, "add") == 0 || strcmp(action, "remove") == 0))
        look_at(nodes, uevent, strcmp(action, "add") == 0);
}
