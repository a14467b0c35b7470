/* The archive: modules and files inside this executable, read in place and never unpacked.
 *
 * appliance/freezing/archive.py writes it (its docstring has the byte layout); appliance/freezing/link.py appends it to the program as a
 * read-only segment of its own, which the kernel maps. Names are either dotted module names ("json.decoder") or
 * absolute paths of the read-only tree ("/appliance/lib/certifi/cacert.pem"). */
#ifndef FROZEN_ARCHIVE_H
#define FROZEN_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/* Where the read-only tree begins in the file name space of the program. */
#define ARCHIVE_ROOT "/appliance"

enum archive_flag {
    ARCHIVE_MODULE = 1,    /* marshalled code */
    ARCHIVE_PACKAGE = 2,   /* with ARCHIVE_MODULE: a package */
    ARCHIVE_FILE = 4,      /* content of a file */
    ARCHIVE_DIRECTORY = 8, /* data: u32 index of each child */
    ARCHIVE_DEFLATED = 16, /* data is raw deflate (RFC 1951) */
    ARCHIVE_PROGRAM = 32   /* with ARCHIVE_FILE: it can be executed; see python.h */
};

struct archive_entry {
    uint32_t name, name_length; /* offset from the start of the archive; NUL-terminated there */
    uint32_t path;              /* of a module: the path that its __file__ shows */
    uint32_t data, stored;      /* offset and length as stored */
    uint32_t size;              /* length once inflated */
    uint32_t flags;
    uint32_t mark; /* another one for another content; below 10^9 */
};

/* The archive of this executable, or NULL with *why telling what is wrong with it. Call before anything else. */
const unsigned char *archive_open(const char **why);

/* The same, of bytes in memory. */
const unsigned char *archive_open_bytes(const unsigned char *bytes, size_t length, const char **why);

/* The dotted name of the app's module. */
const char *archive_app(void);

/* The entry of that name, or NULL. */
const struct archive_entry *archive_find(const char *name, size_t length);

/* Entry number `index` in the order of the names, or NULL after the last one. */
const struct archive_entry *archive_at(size_t index);

const char *archive_text(uint32_t offset);
const unsigned char *archive_data(const struct archive_entry *entry);

/* Child number `index` of a directory, or NULL after the last one. */
const struct archive_entry *archive_child(const struct archive_entry *directory, size_t index);

/* Copies the content, inflated, to `to` (entry->size bytes). 0, or -1 when it is damaged or memory ran out. */
int archive_read(const struct archive_entry *entry, unsigned char *to);

#endif
