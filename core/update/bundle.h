/* A bundle, read as it arrives: nothing of it is kept but its manifest. In this order:
 *
 *     "fapws4-bundle 1\n"
 *     4 bytes     length of the manifest, little-endian, at most MANIFEST_MOST
 *     manifest    (manifest.h)
 *     1 byte      number of signatures, at most SIGNATURES_MOST
 *     signatures  each the public key (32 bytes) and its Ed25519 signature (64) of the manifest
 *     parts       those of the manifest, in its order
 *
 * A sender that was told which parts are wanted leaves out the others. */
#ifndef FAPWS4_UPDATE_BUNDLE_H
#define FAPWS4_UPDATE_BUNDLE_H

#include "manifest.h"
#include "refusal.h"

enum { SIGNATURES_MOST = 32 };

enum bundle_event {
    BUNDLE_HUNGRY,   /* all input is used up */
    BUNDLE_OPENED,   /* the manifest is verified and read; now `wanted` may be changed */
    BUNDLE_BYTES,    /* bytes of the part `part`, to lie `at` bytes behind its beginning */
    BUNDLE_COMPLETE, /* every wanted part was there and is what the manifest says */
    BUNDLE_REFUSED   /* `refusal` says why; it stays so */
};

struct bundle {
    const struct key_set *trusted;
    struct manifest manifest;
    bool wanted[PARTS_MOST]; /* all, until the reader of BUNDLE_OPENED says otherwise */
    unsigned part;
    uint64_t at;
    enum refusal refusal;

    /* What follows is bundle.c's own. */
    int stage;
    uint64_t filled; /* bytes of the present stage, or part, that were used up */
    uint8_t head[32];
    size_t text_length;
    char text[MANIFEST_MOST];
    unsigned signature_count;
    struct signature signatures[SIGNATURES_MOST];
    struct digest digest;
};

/* `trusted` are the keys of the running slot; they stay the caller's. */
void bundle_begin(struct bundle *bundle, const struct key_set *trusted);

/* Goes on with the bytes at the front of *input, and takes off what it has used up. Of
 * BUNDLE_BYTES, *bytes are the part's, inside of the input. After BUNDLE_COMPLETE any further
 * byte is too much. */
enum bundle_event bundle_next(struct bundle *bundle, struct span *input, struct span *bytes);

/* To be asked when there will be no more input: ACCEPTED only when the bundle was complete. */
enum refusal bundle_end(const struct bundle *bundle);

#endif
