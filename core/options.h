/* The command line. main.c's usage text describes it to people. */
#ifndef FAPWS4_OPTIONS_H
#define FAPWS4_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *app;    /* path of the app; NULL when it is frozen in, a module, or missing */
    const char *module; /* -m */
    const char *server; /* --server */
    const char *access_log; /* --access-log */
    const char *user;   /* --user NAME[:GROUP] */
    const char *chroot; /* --chroot */
    const char *certificate, *key; /* --cert, --key: both or none */
    int workers;        /* --workers, 0 without it */
    int umask;          /* --umask, -1 without it */
    bool reload, import_time, check, help, version;
    int word_count;     /* words for the app's sys.argv[1:] */
    char **words;
    const char *fault;  /* a word that is wrong, and why; the caller says both */
    const char *why;
};

/* Sorts the words of argv; unknown ones behind the app's name (anywhere when `frozen`), and
 * everything behind "--", are the app's. `words` points into argv, whose order is changed. False
 * when options->fault is set. */
bool options_parse(int argc, char **argv, bool frozen, struct options *options);

#endif
