/* Who is at the other end of a unix socket. */
#ifndef FAPWS4_INIT_CREDENTIALS_H
#define FAPWS4_INIT_CREDENTIALS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether its process was of this user when it connected, as the kernel has noted it. */
bool credentials_are(int fd, uid_t uid);

#endif
