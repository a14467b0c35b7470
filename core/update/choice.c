#include "choice.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".update";

static bool is_bundle_name(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && length > sizeof suffix - 1 && length < CHOICE_NAME &&
           strcmp(name + length - (sizeof suffix - 1), suffix) == 0;
}

/* Not waited for: it may be a named pipe. */
static int open_regular(int folder, const char *name)
{
    struct stat status;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(file);
        return -1;
    }
    return file;
}

static bool is_better(const struct choice *choice, const char *name, const struct manifest *manifest)
{
    if (choice->file < 0 || manifest->counter != choice->counter)
        return choice->file < 0 || manifest->counter > choice->counter;
    return strcmp(name, choice->name) < 0;
}

static void take(struct choice *choice, const char *name, int file, const struct manifest *manifest)
{
    if (choice->file >= 0)
        close(choice->file);
    *choice = (struct choice){.file = file, .counter = manifest->counter};
    snprintf(choice->name, sizeof choice->name, "%s", name);
    memcpy(choice->version, manifest->version, sizeof choice->version);
}

/* The first by name stands for all that are refused. */
static void note_refusal(struct choice *choice, const char *name, enum refusal refusal)
{
    if (choice->file >= 0 || (choice->refusal != ACCEPTED && strcmp(name, choice->name) > 0))
        return;
    choice->refusal = refusal;
    snprintf(choice->name, sizeof choice->name, "%s", name);
}

static void consider(struct choice *choice, int folder, const char *name,
                     const struct identity *identity, struct bundle *bundle)
{
    int file = open_regular(folder, name);
    enum refusal refusal = REFUSED_READ;
    uint64_t length;

    if (file >= 0)
        refusal = head_read(file, identity, bundle, &length);
    if (refusal != ACCEPTED) {
        note_refusal(choice, name, refusal);
    } else if (is_better(choice, name, &bundle->manifest)) {
        take(choice, name, file, &bundle->manifest);
        return;
    }
    if (file >= 0)
        close(file);
}

void choice_make(int folder, const struct identity *identity, struct bundle *bundle,
                 struct choice *choice)
{
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *files = own >= 0 ? fdopendir(own) : NULL;
    const struct dirent *entry;

    *choice = (struct choice){.file = -1};
    while (files && (entry = readdir(files)))
        if (is_bundle_name(entry->d_name))
            consider(choice, folder, entry->d_name, identity, bundle);
    if (files)
        closedir(files);
    else if (own >= 0)
        close(own);
}
