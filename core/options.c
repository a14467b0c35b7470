#include "options.h"

#include "limits.h"

#include <stdlib.h>
#include <string.h>

#define STRING_OF(number) #number
#define STRING(number) STRING_OF(number)

static bool is(const char *word, const char *option)
{
    return strcmp(word, option) == 0;
}

static bool blame(struct options *options, const char *fault, const char *why)
{
    options->fault = fault;
    options->why = why;
    return false;
}

/* ---- options with a value ---- */

/* A number of digits only, lowest to highest. */
static bool take_number(const char *text, int base, long lowest, long highest, int *number)
{
    char *end;
    long value = strtol(text, &end, base);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < lowest || value > highest)
        return false;
    *number = (int)value;
    return true;
}

static bool take_server(struct options *options, const char *value)
{
    options->server = value;
    return true;
}

static bool take_access_log(struct options *options, const char *value)
{
    options->access_log = value;
    return value[0] != '\0';
}

static bool take_workers(struct options *options, const char *value)
{
    return take_number(value, 10, 1, LIMIT_PROCESSES, &options->workers);
}

static bool take_module(struct options *options, const char *value)
{
    options->module = value;
    return value[0] != '\0';
}

static bool take_certificate(struct options *options, const char *value)
{
    options->certificate = value;
    return value[0] != '\0';
}

static bool take_key(struct options *options, const char *value)
{
    options->key = value;
    return value[0] != '\0';
}

static bool take_user(struct options *options, const char *value)
{
    options->user = value;
    return value[0] != '\0';
}

static bool take_chroot(struct options *options, const char *value)
{
    options->chroot = value;
    return value[0] != '\0';
}

static bool take_umask(struct options *options, const char *value)
{
    return take_number(value, 8, 0, 0777, &options->umask);
}

static const struct valued {
    const char *name;
    bool (*take)(struct options *options, const char *value);
    const char *wanted;
} valued[] = {
    {"--server", take_server, "needs an address behind it"},
    {"--access-log", take_access_log, "needs the path of a file behind it, or - for stdout"},
    {"--workers", take_workers,
     "needs a number of processes behind it, 1 to " STRING(LIMIT_PROCESSES)},
    {"-m", take_module, "needs the name of a module behind it, like shop.pages"},
    {"--cert", take_certificate, "needs the file of a certificate (PEM) behind it"},
    {"--key", take_key, "needs the file of the certificate's key (PEM) behind it"},
    {"--user", take_user, "needs a user behind it, like www-data, www-data:www-data or 1000:1000"},
    {"--chroot", take_chroot, "needs a folder behind it"},
    {"--umask", take_umask, "needs an octal number behind it, like 027"},
};

/* The option that a word is, as "--name" or "--name=value"; NULL when it is none. */
static const struct valued *find_valued(const char *word, const char **value)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < sizeof(valued) / sizeof(*valued); i++) {
        bool joined = word[length] == '=' && strncmp(word, "--", 2) == 0;
        if (strlen(valued[i].name) != length || strncmp(word, valued[i].name, length) != 0 ||
            (word[length] != '\0' && !joined))
            continue;
        *value = joined ? word + length + 1 : NULL;
        return &valued[i];
    }
    return NULL;
}

/* ---- all words ---- */

static bool take_flag(const char *word, struct options *options)
{
    if (is(word, "--check"))
        options->check = true;
    else if (is(word, "--reload"))
        options->reload = true;
    else if (is(word, "--import-time"))
        options->import_time = true;
    else if (is(word, "--help"))
        options->help = true;
    else if (is(word, "--version"))
        options->version = true;
    else
        return false;
    return true;
}

/* What is no option: the app's name, or a word for it. */
static bool take_word(char *word, bool frozen, struct options *options)
{
    size_t length = strlen(word);
    bool is_file = length > 3 && is(word + length - 3, ".py");

    if (options->module != NULL && is_file)
        return blame(options, word, "is a second app beside -m; name one of them, "
                                    "words for the app may stand behind --");
    if (frozen || options->app != NULL || options->module != NULL)
        options->words[options->word_count++] = word;
    else if (word[0] == '-')
        return blame(options, word,
                     "is no option; --help lists them, words for the app stand behind app.py");
    else
        options->app = word;
    return true;
}

static bool check_together(struct options *options, bool frozen)
{
    if (frozen && options->module != NULL)
        return blame(options, "-m", "cannot be used, the app is inside this program");
    if (frozen && options->reload)
        return blame(options, "--reload", "cannot be used, the app is inside this program");
    if (options->reload && options->workers > 1)
        return blame(options, "--reload", "is for developing, with one worker; leave out --workers");
    if (options->reload && options->user != NULL)
        return blame(options, "--reload", "is for developing; it cannot be used with --user");
    if (options->app != NULL && options->module != NULL)
        return blame(options, "-m", "names a second app beside the file; name one of them");
    if ((options->certificate == NULL) != (options->key == NULL))
        return blame(options, options->key == NULL ? "--cert" : "--key",
                     "names one file of two; https needs --cert FILE --key FILE");
    return true;
}

bool options_parse(int argc, char **argv, bool frozen, struct options *options)
{
    const struct valued *option;
    const char *value;

    memset(options, 0, sizeof(*options));
    options->umask = -1;
    options->words = argv + 1; /* words for the app are moved to the front of argv */
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (is(word, "--")) {
            while (++i < argc)
                options->words[options->word_count++] = argv[i];
        } else if ((option = find_valued(word, &value)) != NULL) {
            if (value == NULL && ++i < argc)
                value = argv[i];
            if (value == NULL || !option->take(options, value))
                return blame(options, option->name, option->wanted);
        } else if (!take_flag(word, options) && !take_word(word, frozen, options)) {
            return false;
        }
    }
    return check_together(options, frozen);
}
