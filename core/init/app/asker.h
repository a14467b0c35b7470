/* A question to a server that speaks https. An unprivileged child asks it: what comes from outside
 * would otherwise be read by OpenSSL in PID 1. */
#ifndef FAPWS4_INIT_ASKER_H
#define FAPWS4_INIT_ASKER_H

#include "../span.h"

/* Asks at an IPv4 or IPv6 address. The descriptor from which the first bytes of the answer can be read
 * (non-blocking, closed by exec; its end without any: there is no answer), or -1. The child ends by
 * itself within POLICY_HEALTH_ANSWER. */
int asker_start(const char *host, unsigned port, struct span question);

/* A TCP connection that is under way to such an address, or -1. */
int asker_connect(const char *host, unsigned port, int flags);

#endif
