/* dlopen and dlsym for the static link: the program itself can be opened, and names what it exports.
 *
 * `import ctypes` opens the program (dlopen(NULL)); musl's stubs for static programs refuse even that. What may be
 * found by name is the table program_exports, empty unless the builder links another one in. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct export {
    const char *name;
    void *address;
};

extern const struct export program_exports[];
__attribute__((weak)) const struct export program_exports[] = {{NULL, NULL}};

static char program;
static _Thread_local const char *failure;

void *dlopen(const char *file, int mode)
{
    (void)mode;
    if (file == NULL)
        return &program;
    failure = "a static program cannot load libraries";
    return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle;
    for (const struct export *entry = program_exports; entry->name != NULL; entry++)
        if (strcmp(entry->name, name) == 0)
            return entry->address;
    failure = "this static program does not export that name";
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
