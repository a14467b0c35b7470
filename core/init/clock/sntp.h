/* One question to a time server and its answer: SNTP version 4 (RFC 4330; RFC 5905 14), as a client
 * that says nothing of itself: what it sends as its time is a random number, which the answer must
 * repeat. Pure. */
#ifndef FAPWS4_INIT_SNTP_H
#define FAPWS4_INIT_SNTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SNTP_PORT = 123,
    SNTP_SIZE = 48, /* bytes, without what may follow: extensions and signatures */

    /* ms. A server that is further from its own source, or knows it less well, is not a good one
     * (RFC 4330 5) ... */
    SNTP_WORST_ROOT = 1000,
    /* ... and an answer that took longer says too little. */
    SNTP_WORST_DELAY = 4000,
};

enum sntp_verdict {
    SNTP_GOOD,
    SNTP_ALIEN, /* not an answer to this question: somebody else's, or a forgery */
    SNTP_POOR,  /* the server says itself that it does not know the time, or makes no sense */
    SNTP_RATE,  /* it wants to be asked less often ... */
    SNTP_DENY,  /* ... or not at all */
};

/* Times in us. */
struct sntp_sample {
    int64_t started_us; /* the time since 1970 at the 0 of the clock that sent_us is of */
    int64_t error_us;   /* how wrong that may be, if the server is right */
};

void sntp_write(uint64_t nonce, uint8_t packet[SNTP_SIZE]);

/* Whether `packet` answers the question with that nonce, and what it says. sent_us and received_us
 * are of a clock that never jumps. `earliest`, seconds since 1970: of the 136 years that the protocol
 * can tell apart, those that begin then are meant. *sample is set for SNTP_GOOD. */
enum sntp_verdict sntp_read(const uint8_t *packet, size_t length, uint64_t nonce, int64_t sent_us,
                            int64_t received_us, int64_t earliest, struct sntp_sample *sample);

#endif
