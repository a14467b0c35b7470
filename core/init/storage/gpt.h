/* GUID partition tables (UEFI 2.10, chapter 5) of disks with sectors of 512 bytes: to find a
 * partition of ours, and to give the last one what a disk has behind it. The other direction of
 * appliance/formats/gpt.py, with the same limits: 128 entries of 128 bytes. Pure. */
#ifndef FAPWS4_INIT_GPT_H
#define FAPWS4_INIT_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GPT_SECTOR = 512,
    GPT_GUID = 16,
    GPT_ENTRIES = 128,
    GPT_ENTRY = 128,
    GPT_TABLE = GPT_ENTRIES * GPT_ENTRY,
    GPT_COPY = GPT_SECTOR + GPT_TABLE, /* a header and its entries */
    GPT_COPY_SECTORS = GPT_COPY / GPT_SECTOR
};

/* The copy in front of the disk is header, then entries, from sector 1 on; that at its end is
 * entries, then header. */
struct gpt {
    uint8_t header[GPT_SECTOR];
    uint8_t entries[GPT_TABLE];
};

/* True when the header is whole, belongs to sector `own`, and its entries are whole. */
bool gpt_is_whole(const struct gpt *gpt, uint64_t own);

/* "0fc63daf-8483-4772-8e79-3d69d8477de4" as it stands in a table. False when it is none. */
bool gpt_guid(const char *text, uint8_t guid[GPT_GUID]);

/* The partition whose own GUID this is: its number, counted from 1; 0 = none. */
unsigned gpt_find(const struct gpt *gpt, const uint8_t guid[GPT_GUID]);

/* The partition of this name (of plain ASCII); 0 = none. */
unsigned gpt_find_name(const struct gpt *gpt, const char *name);

/* First sector and number of sectors of partition `number`. */
void gpt_place(const struct gpt *gpt, unsigned number, uint64_t *first, uint64_t *sectors);

/* Fits a whole table, of either copy, to a disk of `total` sectors: it becomes the copy in front,
 * its backup belongs at the disk's end, and partition `number` ends with the last whole MiB in
 * front of that, unless another one lies behind it. Nothing ever becomes smaller: false, and
 * unchanged, when the disk is too small for what the table promises. */
bool gpt_fit(struct gpt *gpt, unsigned number, uint64_t total);

/* The backup, as it belongs into the last GPT_COPY_SECTORS of the disk that gpt was fitted to. */
void gpt_backup(const struct gpt *gpt, uint8_t copy[GPT_COPY]);

/* Lets the protective record of sector 0 cover a disk of `total` sectors. True when that changed
 * something; a sector that protects no GPT is left alone. */
bool gpt_protect(uint8_t sector[GPT_SECTOR], uint64_t total);

#endif
