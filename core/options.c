#include "options.h"

#include <string.h>

static bool is(const char *word, const char *option)
{
    return strcmp(word, option) == 0;
}

/* The value of "--server=X"; NULL when the word is something else. */
static const char *server_value(const char *word)
{
    return strncmp(word, "--server=", 9) == 0 ? word + 9 : NULL;
}

static bool take_flag(const char *word, struct options *options)
{
    if (is(word, "--check"))
        options->check = true;
    else if (is(word, "--help"))
        options->help = true;
    else if (is(word, "--version"))
        options->version = true;
    else
        return false;
    return true;
}

bool options_parse(int argc, char **argv, bool frozen, struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->words = argv + 1; /* words for the app are moved to the front of argv */
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (is(word, "--")) {
            while (++i < argc)
                options->words[options->word_count++] = argv[i];
        } else if (is(word, "--server")) {
            if (++i == argc) {
                options->fault = word;
                return false;
            }
            options->server = argv[i];
        } else if (server_value(word) != NULL) {
            options->server = server_value(word);
        } else if (!take_flag(word, options)) {
            if (frozen || options->app != NULL)
                options->words[options->word_count++] = word;
            else if (word[0] == '-')
                options->fault = word;
            else
                options->app = word;
        }
    }
    return options->fault == NULL;
}
