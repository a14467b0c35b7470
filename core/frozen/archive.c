#include "archive.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <zlib.h>

struct header {
    char magic[8];
    uint32_t slots; /* a power of two */
    uint32_t entries;
    uint32_t size;
    uint32_t app;
};

static const char MAGIC[8] = {'F', 'A', 'P', 'W', 'S', '4', 'A', '2'};

/* The physical address that appliance/freezing/link.py gives to the archive's segment; Linux does not look at that field. */
#define SEGMENT_MARK 0x34777066u

/* Keeps a place in the program headers which link.py turns into the archive's segment. */
__attribute__((section(".note.fapws4"), used, aligned(4))) static const struct {
    uint32_t name_length, length, type;
    char name[8];
} place_for_segment = {8, 0, 1, "fapws4"};

static const unsigned char *archive;
static const struct header *header;
static const uint32_t *slots;
static const struct archive_entry *entries;

extern const ElfW(Ehdr) __ehdr_start;

const unsigned char *archive_open(const char **why)
{
    const unsigned char *program = (const unsigned char *)&__ehdr_start;
    const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(const void *)(program + __ehdr_start.e_phoff);
    for (int left = __ehdr_start.e_phnum; left > 0; left--, segment++)
        if (segment->p_type == PT_LOAD && segment->p_paddr == SEGMENT_MARK)
            return archive_open_bytes((const unsigned char *)(uintptr_t)segment->p_vaddr, segment->p_filesz, why);
    *why = "there is no app inside this program";
    return NULL;
}

const unsigned char *archive_open_bytes(const unsigned char *bytes, size_t length, const char **why)
{
    header = (const struct header *)(const void *)bytes;
    *why = "the app inside this program is damaged";
    if (length < sizeof *header || memcmp(header->magic, MAGIC, sizeof MAGIC) != 0 || header->size != length)
        return NULL;
    size_t tables = sizeof *header + (size_t)header->slots * sizeof *slots + (size_t)header->entries * sizeof *entries;
    if (tables > length || header->slots == 0 || (header->slots & (header->slots - 1)) != 0)
        return NULL;
    slots = (const uint32_t *)(const void *)(bytes + sizeof *header);
    entries = (const struct archive_entry *)(const void *)(slots + header->slots);
    *why = NULL;
    archive = bytes;
    return archive;
}

const char *archive_app(void)
{
    return archive_text(header->app);
}

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t at = 0; at < length; at++)
        hash = (hash ^ (unsigned char)name[at]) * 16777619u;
    return hash;
}

const struct archive_entry *archive_find(const char *name, size_t length)
{
    uint32_t mask = header->slots - 1;
    for (uint32_t at = hash_of(name, length) & mask; slots[at] != 0; at = (at + 1) & mask) {
        const struct archive_entry *entry = &entries[slots[at] - 1];
        if (entry->name_length == length && memcmp(archive + entry->name, name, length) == 0)
            return entry;
    }
    return NULL;
}

const struct archive_entry *archive_at(size_t index)
{
    return index < header->entries ? &entries[index] : NULL;
}

const char *archive_text(uint32_t offset)
{
    return (const char *)archive + offset;
}

const unsigned char *archive_data(const struct archive_entry *entry)
{
    return archive + entry->data;
}

const struct archive_entry *archive_child(const struct archive_entry *directory, size_t index)
{
    const uint32_t *children = (const uint32_t *)(const void *)archive_data(directory);
    return index < directory->size / sizeof *children ? &entries[children[index]] : NULL;
}

int archive_read(const struct archive_entry *entry, unsigned char *to)
{
    if ((entry->flags & ARCHIVE_DEFLATED) == 0) {
        memcpy(to, archive_data(entry), entry->size);
        return 0;
    }
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return -1;
    stream.next_in = (unsigned char *)(uintptr_t)archive_data(entry);
    stream.avail_in = entry->stored;
    stream.next_out = to;
    stream.avail_out = entry->size;
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.avail_out == 0 ? 0 : -1;
}
