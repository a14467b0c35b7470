/* The command line: fapws4 [app.py] [--server ADDR] [--check] [--help] [--version] [words for the
 * app]. */
#ifndef FAPWS4_OPTIONS_H
#define FAPWS4_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *app;    /* path of the app; NULL when it is frozen in or missing */
    const char *server; /* --server, or NULL */
    bool check, help, version;
    int word_count;     /* words for the app's sys.argv[1:] */
    char **words;
    const char *fault;  /* a word that is wrong; the caller names it */
};

/* Sorts the words of argv; unknown ones behind the app's path (anywhere when `frozen`), and
 * everything behind "--", are the app's. `words` points into argv, whose order is changed. False
 * when options->fault is set. */
bool options_parse(int argc, char **argv, bool frozen, struct options *options);

#endif
