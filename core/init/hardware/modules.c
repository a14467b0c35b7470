#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/module.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../cmdline.h"
#include "../log/console.h"
#include "../file.h"

enum { MODALIAS_SIZE = 4096 }; /* bytes; a processor lists some hundred features in its own */
enum { CMDLINE_SIZE = 4096 }; /* bytes; the kernel has 2048 on most processors */

void modules_init(struct modules *modules)
{
    memset(modules, 0, sizeof *modules);
    modules->always = file_load("/etc/modules.always");
    modules->aliases = file_load("/etc/modules.alias");
    modules->depends = file_load("/etc/modules.depends");
}

/* False when it has been tried before, or when the list is full. */
static bool note_try(struct modules *modules, struct span name)
{
    for (int i = 0; i < modules->tried_count; i++)
        if (span_equals(name, modules->tried[i]))
            return false;
    if (modules->tried_count == MODULES_AT_MOST)
        return false;
    return span_copy(name, modules->tried[modules->tried_count++], MODULE_NAME_SIZE);
}

static int insert(const char *name)
{
    char path[128], cmdline[CMDLINE_SIZE], parameters[CMDLINE_SIZE];
    struct span words = file_read("/proc/cmdline", cmdline, sizeof cmdline);
    int fd, error;

    if (!cmdline_parameters(words, name, parameters, sizeof parameters))
        return E2BIG;
    snprintf(path, sizeof path, "/lib/modules/%s.ko.xz", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    error = syscall(SYS_finit_module, fd, parameters, MODULE_INIT_COMPRESSED_FILE) == 0 ? 0
                                                                                        : errno;
    close(fd);
    return error;
}

static void load_one(struct modules *modules, struct span name)
{
    const char *kept = modules->tried[modules->tried_count];
    int error;

    if (!note_try(modules, name))
        return;
    error = insert(kept);
    if (error == 0)
        modules->loaded++;
    else if (error != EEXIST && error != ENODEV)
        say("cannot load module %s: %s", kept, strerror(error));
}

void modules_load(struct modules *modules, const char *name)
{
    struct span dependencies = module_index_dependencies(modules->depends, name);
    struct span dependency;

    if (modules->always.length == 0 && modules->aliases.length == 0)
        return;
    while (span_next_word(&dependencies, &dependency))
        load_one(modules, dependency);
    load_one(modules, span_of(name));
}

void modules_load_always(struct modules *modules)
{
    char name[MODULE_NAME_SIZE];
    struct span rest = modules->always;
    struct span word;

    while (span_next_word(&rest, &word))
        if (span_copy(word, name, sizeof name))
            modules_load(modules, name);
}

void modules_load_for(struct modules *modules, const char *modalias)
{
    char name[MODULE_NAME_SIZE];
    struct span aliases = modules->aliases;

    while (module_index_match(&aliases, modalias, name))
        modules_load(modules, name);
}

static void coldplug_file(struct modules *modules, const char *path)
{
    char text[MODALIAS_SIZE], modalias[MODALIAS_SIZE];
    struct span rest = file_read(path, text, sizeof text);
    struct span line;

    while (span_next_line(&rest, &line))
        if (span_copy(line, modalias, sizeof modalias))
            modules_load_for(modules, modalias);
}

static void coldplug_all(struct modules *modules, const char *pattern)
{
    glob_t found;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            coldplug_file(modules, found.gl_pathv[i]);
    globfree(&found);
}

void modules_coldplug(struct modules *modules)
{
    if (modules->aliases.length == 0)
        return;
    coldplug_all(modules, "/sys/bus/*/devices/*/modalias");
    coldplug_all(modules, "/sys/class/input/*/modalias"); /* input devices stand on no bus */
}
