#include "sntp.h"

#include <string.h>

/* Where the fields begin. */
enum {
    MODE = 0,
    STRATUM = 1,
    ROOT_DELAY = 4,
    ROOT_DISPERSION = 8,
    REFERENCE = 12,
    ORIGINATE = 24,
    RECEIVE = 32,
    TRANSMIT = 40,
};

enum { VERSION = 4, CLIENT = 3, SERVER = 4, UNSYNCHRONIZED = 3, LAST_STRATUM = 15 };

enum { GRAIN = 20000 }; /* us: a server's clock may go in steps as large as that */

static const int64_t since_1900 = 2208988800; /* seconds from 1900 to 1970 */

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get64(const uint8_t *at)
{
    return (uint64_t)get32(at) << 32 | get32(at + 4);
}

static void put64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* Seconds with 16 binary places, as root delay and dispersion are. */
static int64_t short_us(const uint8_t *at)
{
    return (int64_t)((uint64_t)get32(at) * 1000000 >> 16);
}

/* The seconds wrap around in 2036, and every 136 years. */
static int64_t unix_us(const uint8_t *at, int64_t earliest)
{
    uint32_t begin = (uint32_t)(earliest + since_1900);
    int64_t seconds = earliest + (uint32_t)(get32(at) - begin);

    return seconds * 1000000 + (int64_t)((uint64_t)get32(at + 4) * 1000000 >> 32);
}

void sntp_write(uint64_t nonce, uint8_t packet[SNTP_SIZE])
{
    memset(packet, 0, SNTP_SIZE);
    packet[MODE] = VERSION << 3 | CLIENT;
    put64(packet + TRANSMIT, nonce);
}

/* A kiss of death (RFC 5905 7.4): the reason stands where the reference would. Unknown ones say no
 * more than that there is no time to be had. */
static enum sntp_verdict kiss(const uint8_t *packet)
{
    const uint8_t *code = packet + REFERENCE;

    if (memcmp(code, "RATE", 4) == 0)
        return SNTP_RATE;
    return memcmp(code, "DENY", 4) == 0 || memcmp(code, "RSTR", 4) == 0 ? SNTP_DENY : SNTP_POOR;
}

static bool is_answer(const uint8_t *packet, size_t length, uint64_t nonce)
{
    unsigned version;

    if (length < SNTP_SIZE || (packet[MODE] & 7) != SERVER)
        return false;
    version = packet[MODE] >> 3 & 7;
    return (version == 3 || version == VERSION) && get64(packet + ORIGINATE) == nonce;
}

static bool is_synchronized(const uint8_t *packet)
{
    return packet[MODE] >> 6 != UNSYNCHRONIZED && packet[STRATUM] <= LAST_STRATUM &&
           get64(packet + TRANSMIT) != 0 && get64(packet + RECEIVE) != 0;
}

enum sntp_verdict sntp_read(const uint8_t *packet, size_t length, uint64_t nonce, int64_t sent_us,
                            int64_t received_us, int64_t earliest, struct sntp_sample *sample)
{
    int64_t root, came, left, way;

    if (!is_answer(packet, length, nonce))
        return SNTP_ALIEN;
    if (packet[STRATUM] == 0)
        return kiss(packet);
    if (!is_synchronized(packet))
        return SNTP_POOR;
    root = short_us(packet + ROOT_DELAY) / 2 + short_us(packet + ROOT_DISPERSION);
    came = unix_us(packet + RECEIVE, earliest);
    left = unix_us(packet + TRANSMIT, earliest);
    way = received_us - sent_us - (left - came);
    if (root > SNTP_WORST_ROOT * 1000 || left < came || way < -GRAIN ||
        received_us - sent_us > SNTP_WORST_DELAY * 1000)
        return SNTP_POOR;
    way = way > 0 ? way : 0;
    *sample = (struct sntp_sample){left + way / 2 - received_us, root + way / 2};
    return SNTP_GOOD;
}
