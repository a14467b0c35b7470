/* OpenSSL for the server on this machine: a shared object of core/tls/ that stands beside the
 * program, or in the installed package. Linked in, OpenSSL would cost every app 3.3 million
 * instructions at its start and 1.9 MB. */
#include "tls.h"

#include <Python.h> /* the version in the package's folder */
#include <dlfcn.h>
#include <stdio.h>
#include <uv.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define PACKAGE \
    "../lib/python" TEXT(PY_MAJOR_VERSION) "." TEXT(PY_MINOR_VERSION) "/site-packages/fapws4/"

static const char name[] = "fapws4-tls.so";

/* The folder of the program, with the slash that ends it. */
static bool find_folder(char *folder, size_t size)
{
    char *slash;

    if (uv_exepath(folder, &size) != 0 || (slash = strrchr(folder, '/')) == NULL)
        return false;
    slash[1] = '\0';
    return true;
}

const struct tls_library *tls_library(char fault[TLS_FAULT])
{
    static const char *const places[] = {"", PACKAGE};
    char folder[4096], path[4096 + 128];
    void *object = NULL, *library = NULL;

    if (!find_folder(folder, sizeof(folder)))
        folder[0] = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(*places) && object == NULL; i++) {
        snprintf(path, sizeof(path), "%s%s%s", folder, places[i], name);
        object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    if (object != NULL)
        library = dlsym(object, "tls_openssl");
    if (library == NULL)
        snprintf(fault, TLS_FAULT, "%s; install fapws4 again", dlerror());
    return library;
}
