/* The kernel command line (/proc/cmdline): words and key=value pairs. The last of two equal keys
 * counts, as in the kernel. Quoted values with blanks are left out: no key of ours has any. */
#ifndef FAPWS4_INIT_CMDLINE_H
#define FAPWS4_INIT_CMDLINE_H

#include "span.h"

bool cmdline_has(struct span cmdline, const char *word);

/* Copies the value of `key` into out[size]. False when absent or too long: out is then "". */
bool cmdline_value(struct span cmdline, const char *key, char *out, size_t size);

/* The parameters that the command line has for a kernel module, as modprobe finds them: of the
 * words `NAME.key=value` what is behind the point, blanks between them; in NAME - and _ are the
 * same.
 * False when they do not fit: out is then "". */
bool cmdline_parameters(struct span cmdline, const char *module, char *out, size_t size);

#endif
