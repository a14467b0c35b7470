/* Which files an app reaches, by the kernel's Landlock, beside what their owners and modes say: a
 * mistake in one of the two is no hole yet. */
#ifndef FAPWS4_INIT_LANDLOCK_H
#define FAPWS4_INIT_LANDLOCK_H

enum landlock_use {
    LANDLOCK_READ,    /* files, and what is in folders */
    LANDLOCK_RUN,     /* the same, and started as programs */
    LANDLOCK_CHANGE,  /* files are read and written as they are */
    LANDLOCK_POSSESS, /* all but device nodes and programs are made, changed, moved and removed */
};

struct landlock_place {
    const char *path; /* a file, or a folder and all below it */
    enum landlock_use use;
};

/* Confines the calling process and all that come from it, for good, to `places`; one that is not
 * there is left out. It must have given up new privileges (PR_SET_NO_NEW_PRIVS). 0 or an errno
 * value: ENOSYS or EOPNOTSUPP of a kernel without Landlock. */
int landlock_confine(const struct landlock_place *places, int count);

#endif
