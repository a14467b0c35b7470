/* dlopen and dlsym for the static link: the program itself can be opened, and names what it exports.
 *
 * `import ctypes` opens the program (dlopen(NULL)); musl's stubs for static programs refuse even that. The libc is in the
 * program, so whoever opens it by a name of its own gets the program too. What may be found by name is the table
 * program_exports, empty unless the builder links another one in (appliance/freezing/exports.py). */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct export {
    const char *name;
    void *address;
};

extern const struct export program_exports[];
__attribute__((weak)) const struct export program_exports[] = {{NULL, NULL}};

static char program;
static _Thread_local char text[160];
static _Thread_local const char *failure;

/* Whether this is a file of the libc's, under any system's name for it: libc.so.6, libc.musl-x86_64.so.1, libm.so.6. */
static bool is_libc(const char *file)
{
    static const char *const names[] = {"libc.", "libm.", "libpthread.", "libdl.", "librt.", "libutil."};
    const char *slash = strrchr(file, '/');
    const char *name = slash == NULL ? file : slash + 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

void *dlopen(const char *file, int mode)
{
    (void)mode;
    if (file == NULL || is_libc(file))
        return &program;
    snprintf(text, sizeof text, "%.100s: a static program cannot load libraries", file);
    failure = text;
    return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle;
    for (const struct export *entry = program_exports; entry->name != NULL; entry++)
        if (strcmp(entry->name, name) == 0)
            return entry->address;
    snprintf(text, sizeof text, "%.60s: there is nothing of that name in this static program", name);
    failure = text;
    return NULL;
}

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}

/* The last failure of this thread, told once. */
char *dlerror(void)
{
    const char *told = failure;
    failure = NULL;
    return (char *)(size_t)told;
}

#if __SIZEOF_POINTER__ == 4
/* musl's headers rename dlsym on 32-bit processors with 64-bit time. */
void *__dlsym_time64(void *restrict handle, const char *restrict name);
void *__dlsym_time64(void *restrict handle, const char *restrict name)
{
    return dlsym(handle, name);
}
#endif
