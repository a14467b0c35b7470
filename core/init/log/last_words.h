/* The last words of a kernel that has died, which UEFI's store keeps over a reset (efi-pstore). A
 * BIOS has no such place. */
#ifndef FAPWS4_INIT_LAST_WORDS_H
#define FAPWS4_INIT_LAST_WORDS_H

#include <stddef.h>

#include "../span.h"

/* What is in the store, oldest line first, into buffer[size]; empty when there is nothing. */
struct span last_words_read(char *buffer, size_t size);

/* Empties the store, which has little room: once what was read is kept elsewhere. */
void last_words_forget(void);

#endif
