#include "gpt.h"

#include <stdio.h>
#include <string.h>

#include "../crc32.h"

/* Byte offsets in a header and in an entry. */
enum {
    HEADER_SIZE = 12,
    HEADER_SUM = 16,
    OWN = 24,
    OTHER = 32,
    LAST_USABLE = 48,
    ENTRIES_AT = 72,
    ENTRY_COUNT = 80,
    ENTRY_SIZE = 84,
    ENTRIES_SUM = 88,
    HEADER_LENGTH = 92,

    IDENTITY = 16,
    FIRST = 32,
    LAST = 40,
    NAME = 56,
    NAME_LENGTH = 36 /* characters of two bytes */
};

/* Of the MBR: its first record's type and number of sectors. */
enum { RECORD_TYPE = 450, RECORD_SECTORS = 458, PROTECTIVE = 0xee };

enum { MIB = (1 << 20) / GPT_SECTOR };

static uint64_t get(const uint8_t *bytes, int size)
{
    uint64_t value = 0;

    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static void put(uint8_t *bytes, int size, uint64_t value)
{
    for (int i = 0; i < size; i++, value >>= 8)
        bytes[i] = (uint8_t)value;
}

/* CRC-32 of IEEE 802.3, bit by bit: 16 KiB a boot are not worth a table. */
static uint32_t header_sum(const struct gpt *gpt)
{
    uint8_t header[HEADER_LENGTH];

    memcpy(header, gpt->header, sizeof header);
    put(header + HEADER_SUM, 4, 0);
    return crc32_of(header, sizeof header);
}

bool gpt_is_whole(const struct gpt *gpt, uint64_t own)
{
    const uint8_t *header = gpt->header;

    return memcmp(header, "EFI PART", 8) == 0 && get(header + HEADER_SIZE, 4) == HEADER_LENGTH &&
           get(header + OWN, 8) == own && get(header + ENTRY_COUNT, 4) == GPT_ENTRIES &&
           get(header + ENTRY_SIZE, 4) == GPT_ENTRY &&
           get(header + HEADER_SUM, 4) == header_sum(gpt) &&
           get(header + ENTRIES_SUM, 4) == crc32_of(gpt->entries, GPT_TABLE);
}

/* Its first three groups are numbers, and stand with their lowest byte first. */
bool gpt_guid(const char *text, uint8_t guid[GPT_GUID])
{
    static const uint8_t order[GPT_GUID] = {3, 2,  1,  0,  5,  4,  7,  6,
                                            8, 9, 10, 11, 12, 13, 14, 15};
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != 36)
        return false;
    for (int i = 0; i < GPT_GUID; i++) {
        const char *high, *low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        high = strchr(digits, text[0]);
        low = strchr(digits, text[1]);
        if (!high || !low)
            return false;
        guid[order[i]] = (uint8_t)((high - digits) << 4 | (low - digits));
        text += 2;
    }
    return true;
}

static const uint8_t *entry(const struct gpt *gpt, unsigned number)
{
    return gpt->entries + (size_t)(number - 1) * GPT_ENTRY;
}

static bool is_used(const struct gpt *gpt, unsigned number)
{
    static const uint8_t unused[GPT_GUID];

    return memcmp(entry(gpt, number), unused, GPT_GUID) != 0;
}

unsigned gpt_find(const struct gpt *gpt, const uint8_t guid[GPT_GUID])
{
    for (unsigned number = 1; number <= GPT_ENTRIES; number++)
        if (is_used(gpt, number) && memcmp(entry(gpt, number) + IDENTITY, guid, GPT_GUID) == 0)
            return number;
    return 0;
}

static bool has_name(const struct gpt *gpt, unsigned number, const char *name)
{
    const uint8_t *units = entry(gpt, number) + NAME;
    size_t length = strlen(name);

    for (size_t i = 0; i < NAME_LENGTH; i++)
        if (get(units + 2 * i, 2) != (i < length ? (uint8_t)name[i] : 0))
            return false;
    return length <= NAME_LENGTH;
}

unsigned gpt_find_name(const struct gpt *gpt, const char *name)
{
    for (unsigned number = 1; number <= GPT_ENTRIES; number++)
        if (is_used(gpt, number) && has_name(gpt, number, name))
            return number;
    return 0;
}

void gpt_place(const struct gpt *gpt, unsigned number, uint64_t *first, uint64_t *sectors)
{
    *first = get(entry(gpt, number) + FIRST, 8);
    *sectors = get(entry(gpt, number) + LAST, 8) - *first + 1;
}

/* The last sector that any partition has. */
static uint64_t last_used(const struct gpt *gpt)
{
    uint64_t last = 0;

    for (unsigned number = 1; number <= GPT_ENTRIES; number++)
        if (is_used(gpt, number) && get(entry(gpt, number) + LAST, 8) > last)
            last = get(entry(gpt, number) + LAST, 8);
    return last;
}

static void seal(struct gpt *gpt, uint64_t own, uint64_t other, uint64_t entries_at)
{
    put(gpt->header + OWN, 8, own);
    put(gpt->header + OTHER, 8, other);
    put(gpt->header + ENTRIES_AT, 8, entries_at);
    put(gpt->header + ENTRIES_SUM, 4, crc32_of(gpt->entries, GPT_TABLE));
    put(gpt->header + HEADER_SUM, 4, header_sum(gpt));
}

bool gpt_fit(struct gpt *gpt, unsigned number, uint64_t total)
{
    uint8_t *last = gpt->entries + (size_t)(number - 1) * GPT_ENTRY + LAST;
    uint64_t used = last_used(gpt), end = total - GPT_COPY_SECTORS;

    if (total <= GPT_COPY_SECTORS || used >= end)
        return false;
    if (get(last, 8) == used && end - end % MIB > used + 1)
        put(last, 8, end - end % MIB - 1);
    put(gpt->header + LAST_USABLE, 8, end - 1);
    seal(gpt, 1, total - 1, 2);
    return true;
}

void gpt_backup(const struct gpt *gpt, uint8_t copy[GPT_COPY])
{
    struct gpt backup = *gpt;
    uint64_t last = get(gpt->header + OTHER, 8);

    seal(&backup, last, 1, last - GPT_TABLE / GPT_SECTOR);
    memcpy(copy, backup.entries, GPT_TABLE);
    memcpy(copy + GPT_TABLE, backup.header, GPT_SECTOR);
}

bool gpt_protect(uint8_t sector[GPT_SECTOR], uint64_t total)
{
    uint64_t covered = total - 1 < 0xffffffff ? total - 1 : 0xffffffff;

    if (get(sector + 510, 2) != 0xaa55 || sector[RECORD_TYPE] != PROTECTIVE ||
        get(sector + RECORD_SECTORS, 4) == covered)
        return false;
    put(sector + RECORD_SECTORS, 4, covered);
    return true;
}
