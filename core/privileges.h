/* What a server that was started as root gives up once it listens: the rest of the file system
 * (--chroot) and being root (--user). */
#ifndef FAPWS4_PRIVILEGES_H
#define FAPWS4_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
    const char *folder; /* for chroot, or NULL */
    bool drops;         /* the user is changed */
    uid_t uid;
    gid_t gid;
    char name[64];      /* of the user, for the groups that he is in; empty: none but gid */
};

/* Finds `user` ("NAME[:GROUP]", names or numbers; NULL: stays who it is) and looks at `folder` (may
 * be NULL). False after one line that says what is wrong, also when this process is not root. */
bool privileges_find(const char *user, const char *folder, struct privileges *privileges);

/* Gives them up for good, and verifies it. False after one line on stderr: the process must then
 * not serve. */
bool privileges_drop(const struct privileges *privileges);

/* One line when this process is, and stays, root. */
void privileges_warn(const struct privileges *privileges);

#endif
