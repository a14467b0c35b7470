#include "credentials.h"

#include <sys/socket.h>

bool credentials_are(int fd, uid_t uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == uid;
}
