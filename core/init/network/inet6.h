/* IPv6 addresses: as text, and those of this machine, as /proc/net/if_inet6 lists them. Pure but for
 * the last. */
#ifndef FAPWS4_INIT_INET6_H
#define FAPWS4_INIT_INET6_H

#include <stdint.h>

#include "../span.h"

enum { INET6_SIZE = 16, INET6_TEXT_SIZE = 46 };

/* The whole of `text` as an address. False when it is none. */
bool inet6_read(struct span text, uint8_t address[INET6_SIZE]);

void inet6_text(const uint8_t address[INET6_SIZE], char text[INET6_TEXT_SIZE]);

/* Whether a host can have it: not ::/8, in which stand ::, ::1 and IPv4 in disguise, and no multicast. */
bool inet6_is_host(const uint8_t address[INET6_SIZE]);

/* fe80::/10 */
bool inet6_is_link_local(const uint8_t address[INET6_SIZE]);

/* :: */
bool inet6_is_none(const uint8_t address[INET6_SIZE]);

bool inet6_same_network(const uint8_t one[INET6_SIZE], const uint8_t other[INET6_SIZE],
                        unsigned prefix);

struct inet6 {
    uint8_t address[INET6_SIZE];
    int index;   /* of the interface */
    bool usable; /* not the loopback's, and nobody else has it, as far as is known */
};

/* Takes the next address off the front of *rest; lines that are none are passed over. False at the
 * end. */
bool inet6_next(struct span *rest, struct inet6 *found);

/* The kernel's list, until the next call. */
struct span inet6_list(void);

#endif
