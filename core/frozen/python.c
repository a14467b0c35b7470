/* execve() of ARCHIVE_PYTHON, which the link sends here as it does open(): exec, spawn and subprocess all end in it. */
#include "python.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

int __real_execve(const char *path, char *const words[], char *const environment[]);
int __wrap_execve(const char *path, char *const words[], char *const environment[]);

/* By /proc/self/exe it is this very program, also when its file has been replaced meanwhile. Where there is no /proc,
 * it is found where it was found first. */
static void execute_itself(char *const words[], char *const environment[])
{
    const char *first = (const char *)getauxval(AT_EXECFN);
    __real_execve("/proc/self/exe", words, environment);
    if (errno == ENOENT && first != NULL)
        __real_execve(first, words, environment);
}

/* The first word must be the path, whatever the caller has put there. Between vfork and exec there is neither malloc
 * nor much of a stack: the copy of the list is a mapping of its own. */
static int execute_python(char *const words[], char *const environment[])
{
    static char name[] = ARCHIVE_PYTHON;
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    size_t size = (count + 2) * sizeof *words;
    char **copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return -1;
    copy[0] = name;
    if (count > 1)
        memcpy(copy + 1, words + 1, (count - 1) * sizeof *words);
    execute_itself(copy, environment);
    int error = errno;
    munmap(copy, size);
    errno = error;
    return -1;
}

int __wrap_execve(const char *path, char *const words[], char *const environment[])
{
    if (strcmp(path, ARCHIVE_PYTHON) == 0)
        return execute_python(words, environment);
    return __real_execve(path, words, environment);
}
