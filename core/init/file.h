/* Small files whole: those of /proc, /sys and /etc. */
#ifndef FAPWS4_INIT_FILE_H
#define FAPWS4_INIT_FILE_H

#include "span.h"

/* Reads at most size-1 bytes of `path` into buffer[size] and ends them with NUL. The text read;
 * empty when the file cannot be read (errno says why). */
struct span file_read(const char *path, char *buffer, size_t size);

/* A whole file in memory of its own, which is never given back: read once, needed for ever.
 * Empty when the file cannot be read. */
struct span file_load(const char *path);

/* Writes `text` into an existing file (a switch in /proc or /sys). 0 or an errno value. */
int file_write(const char *path, const char *text);

/* As file_replace, for a file that must outlive a power cut and that only root reads: when this
 * returns 0, `text` is on the disk. */
int file_keep(const char *path, struct span text);

/* Takes such a file away for good; that it is not there is no failure. 0 or an errno value. */
int file_forget(const char *path);

/* Puts a new file in the place of `path` in one step: a reader sees the old or the new one. 0 or
 * errno value. */
int file_replace(const char *path, const char *text);

#endif
