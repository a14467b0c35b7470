/* The app's settings, kept from before a new version is tried: it may convert them into what the
 * old one cannot read. Below DATA/.fapws4/settings, a cut at any moment leaves one step to be done
 * or none:
 *
 *   room         reserves what a copy will take, from before the new version is armed
 *   copy/tree    the folder, or
 *   copy/none    that there was none
 *
 * What the new version has made of it in vain goes to DATA/lost/settings-VERSION. */
#ifndef FAPWS4_INIT_KEEPSAKE_H
#define FAPWS4_INIT_KEEPSAKE_H

#include <stdbool.h>
#include <sys/types.h>

struct keepsake {
    const char *data;   /* where the data partition is mounted */
    const char *folder; /* below DATA/app */
    uid_t user;         /* the app's */
};

/* Reserves room, while the old version runs. 0 or an errno value: EFBIG when there is more than
 * policy.h allows, ENOSPC. */
int keepsake_reserve(const struct keepsake *keepsake);

/* Copies the folder, before the new version's app is started, with no more rights than the app
 * has. A copy that is there already is of that moment, and stays. 0 or an errno value. */
int keepsake_take(const struct keepsake *keepsake);

/* Puts the folder back, before the old version's app is started, if there is a copy: *lost tells
 * whether what the new `version` has left was moved away. 0 or an errno value. */
int keepsake_return(const struct keepsake *keepsake, const char *version, bool *lost);

/* Forgets copy and room, if there are any. 0 or an errno value. */
int keepsake_drop(const struct keepsake *keepsake);

#endif
