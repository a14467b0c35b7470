/* Whether a bundle is for this device, from its beginning alone: its manifest and its signatures.
 * The parts are not looked at. */
#ifndef FAPWS4_UPDATE_HEAD_H
#define FAPWS4_UPDATE_HEAD_H

#include "bundle.h"
#include "identity.h"

/* Reads the file up to its parts, which begin at *length. ACCEPTED: the device would begin to
 * install it, as far as can be told from here, and bundle->manifest says what it is. */
enum refusal head_read(int file, const struct identity *identity, struct bundle *bundle,
                       uint64_t *length);

#endif
