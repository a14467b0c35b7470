#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

#define NAME "FAPWS_HANDOVER"

extern char **environ;

static char **first_words, **first_environment, folder[PATH_MAX];

/* ---- what the program was started with ---- */

/* Copies the list, with room for one more; the texts themselves stay where they are. */
static char **copy_list(char **list)
{
    size_t count = 0;
    char **copy;

    while (list[count] != NULL)
        count++;
    copy = calloc(count + 2, sizeof(*copy));
    if (copy != NULL)
        memcpy(copy, list, count * sizeof(*copy));
    return copy;
}

bool handover_prepare(char **argv)
{
    first_words = copy_list(argv);
    first_environment = copy_list(environ);
    if (getcwd(folder, sizeof(folder)) == NULL)
        folder[0] = '\0';
    return first_words != NULL && first_environment != NULL;
}

/* ---- taking ---- */

/* "LISTENER WORKERS SECURE ADDRESS" */
static bool read_text(const char *text, struct handover *handover)
{
    char *end;
    long secure;

    handover->listener = (int)strtol(text, &end, 10);
    handover->workers = (int)strtol(end, &end, 10);
    secure = strtol(end, &end, 10);
    if (*end != ' ' || !address_parse(end + 1, &address_default, &handover->address))
        return false;
    handover->address.is_secure = secure != 0;
    return true;
}

/* Started through /proc/self/exe, it would be listed as "exe". */
static void name_process(void)
{
#ifdef __linux__
    const char *slash = strrchr(first_words[0], '/');

    prctl(PR_SET_NAME, slash != NULL ? slash + 1 : first_words[0]);
#endif
}

bool handover_take(struct handover *handover)
{
    const char *text = getenv(NAME);
    bool found = text != NULL && read_text(text, handover) &&
                 fcntl(handover->listener, F_SETFD, FD_CLOEXEC) == 0;

    unsetenv(NAME);
    if (found)
        name_process();
    return found;
}

/* ---- giving ---- */

/* By /proc/self/exe it is this very program, also when its file has been replaced meanwhile. Where
 * there is no /proc, it is found as it was found first. */
static void start_again(void)
{
    const char *path = first_words[0];

#ifdef __linux__
    execve("/proc/self/exe", first_words, first_environment);
    if (getauxval(AT_EXECFN) != 0)
        path = (const char *)getauxval(AT_EXECFN);
#endif
    environ = first_environment;
    execvp(path, first_words);
}

static bool keep_open(int descriptor)
{
    return descriptor < 0 || fcntl(descriptor, F_SETFD, 0) == 0;
}

void handover_give(const struct handover *handover, const int kept[2])
{
    char where[ADDRESS_TEXT], text[ADDRESS_TEXT + 64];
    char **end = first_environment;

    address_text(&handover->address, where);
    snprintf(text, sizeof(text), NAME "=%d %d %d %s", handover->listener, handover->workers,
             handover->address.is_secure, where);
    while (*end != NULL)
        end++;
    *end = text;
    if (chdir(folder) == 0 && keep_open(handover->listener) && keep_open(kept[0]) &&
        keep_open(kept[1]))
        start_again();
    fprintf(stderr, "fapws4: cannot start the supervisor of the workers: %s\n", strerror(errno));
}
