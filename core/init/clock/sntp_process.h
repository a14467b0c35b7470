/* The process that asks time servers. As with DHCP, what comes from the network is never parsed by
 * root: it opens its socket, then gives up every right, and can do nothing but ask and report. */
#ifndef FAPWS4_INIT_SNTP_PROCESS_H
#define FAPWS4_INIT_SNTP_PROCESS_H

#include <sys/types.h>

#include "sntp_client.h"

struct sntp_order {
    struct host_address servers[SNTP_SERVERS];
    int count;
    int64_t earliest, latest; /* seconds since 1970 */
    int64_t known_us;         /* as in sntp_client.h */
};

struct sntp_report {
    enum sntp_act act; /* SNTP_TELL or SNTP_DOUBT */
    struct sntp_best best;
};

/* Forks the process; its pid, or -1 with errno set. *reports becomes a non-blocking
 * SOCK_SEQPACKET descriptor on which each packet is one struct sntp_report, times on loop_now's
 * clock. */
pid_t sntp_process_start(const struct sntp_order *order, int *reports);

#endif
