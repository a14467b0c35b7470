/* A factory reset for who has forgotten the password: a file on a USB stick that names the device,
 * so that a stick which is left lying about resets no other one. Pure. */
#ifndef FAPWS4_INIT_RESET_FILE_H
#define FAPWS4_INIT_RESET_FILE_H

#include <stdint.h>

#include "../span.h"

#define RESET_FILE "fapws4-factory-reset.txt"

/* bytes. What a longer one has behind them does not count. */
enum { RESET_FILE_MOST = 1024 };

/* Whether the first line is the product's name, or the host name with ".local" behind it or without.
 * Capital and small letters are the same, and what is no visible ASCII does not matter: blanks, and
 * what editors put before and between letters. */
bool reset_file_names(struct span text, const char *product, const char *host);

/* What tells this stick with this text from all others, never 0: the beginning of its file system, in
 * which that has its serial number, and the text. It stays the same as long as nobody writes to it. */
uint32_t reset_file_stick(struct span beginning, struct span text);

#endif
