/* Socket activation, by systemd's protocol (sd_listen_fds(3)): who starts the server may hold its
 * listening socket already. LISTEN_PID is then this process, LISTEN_FDS is 1 and descriptor 3 the
 * socket. PID 1 starts the recovery pages so. */
#ifndef FAPWS4_ACTIVATION_H
#define FAPWS4_ACTIVATION_H

/* The socket, from now on non-blocking and closed by exec, or -1 when there is none. The
 * environment is cleaned of it. */
int activation_take(void);

#endif
