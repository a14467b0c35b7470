/* libFuzzer's door to bundles and manifests: whatever arrives, in whatever pieces, is judged the
 * same, and what is handed out stays inside of what the manifest says. Signatures count as valid
 * when there is one (what they protect is shown by tests/core/update), so that what comes behind
 * them is reached.
 *
 * The first byte of an input says how large the pieces are, the second which parts are wanted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/update/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool signatures_suffice(const struct key_set *set, const struct signature *signatures,
                        size_t count, const void *message, size_t length)
{
    (void)signatures;
    (void)message;
    (void)length;
    return set->threshold > 0 && count > 0;
}

/* What came of one reading. */
struct outcome {
    enum refusal refusal;
    unsigned opened;
    uint64_t bytes;
    uint32_t sum; /* over all bytes of parts and where they belong */
};

static void insist(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void take(const struct bundle *bundle, struct span bytes, struct outcome *outcome)
{
    const struct part *part = &bundle->manifest.slot.parts[bundle->part];

    insist(bundle->part < bundle->manifest.slot.count, "a part that there is not");
    insist(bundle->wanted[bundle->part], "a part that nobody wants");
    insist(bytes.length > 0 && bundle->at + bytes.length <= part->length, "beyond a part");
    insist(part->offset + part->length <= bundle->manifest.slot.length, "beyond the slot");
    outcome->bytes += bytes.length;
    for (size_t i = 0; i < bytes.length; i++)
        outcome->sum = (outcome->sum + (uint8_t)bytes.start[i] + bundle->part) * 16777619u;
}

static void feed(struct bundle *bundle, struct span piece, uint8_t wanted, struct outcome *outcome)
{
    enum bundle_event event;
    struct span bytes;

    while ((event = bundle_next(bundle, &piece, &bytes)) == BUNDLE_OPENED || event == BUNDLE_BYTES) {
        if (event == BUNDLE_BYTES)
            take(bundle, bytes, outcome);
        else
            for (unsigned i = 0; i < bundle->manifest.slot.count; i++)
                bundle->wanted[i] = (wanted >> i % 8 & 1) != 0;
        outcome->opened += event == BUNDLE_OPENED;
    }
    insist(event == BUNDLE_REFUSED || piece.length == 0, "input is left over");
}

/* Each piece is copied to a block of its own, at whose end the sanitizer stands. */
static struct outcome read_in_pieces(struct span data, size_t size, uint8_t wanted)
{
    static const struct key_set trusted = {.threshold = 1, .count = 1};
    static struct bundle bundle;
    struct outcome outcome = {ACCEPTED, 0, 0, 0};

    bundle_begin(&bundle, &trusted);
    while (data.length > 0) {
        size_t count = data.length < size ? data.length : size;
        char *block = malloc(count);
        insist(block != NULL, "no memory");
        memcpy(block, data.start, count);
        feed(&bundle, (struct span){block, count}, wanted, &outcome);
        free(block);
        data = (struct span){data.start + count, data.length - count};
    }
    outcome.refusal = bundle_end(&bundle);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data + 2, size > 2 ? size - 2 : 0};
    struct manifest manifest;
    struct outcome whole, pieces;

    if (size < 2)
        return 0;
    whole = read_in_pieces(text, text.length + 1, data[1]);
    pieces = read_in_pieces(text, 1 + data[0], data[1]);
    insist(whole.opened <= 1 && whole.opened == pieces.opened, "opened more than once");
    /* The last piece of a damaged part is not handed out, and how much that is depends on it. */
    insist(whole.refusal == pieces.refusal, "judged in two ways");
    insist(whole.refusal == REFUSED_DAMAGED ||
               (whole.bytes == pieces.bytes && whole.sum == pieces.sum),
           "read in two ways");
    manifest_parse(text, &manifest);
    return 0;
}
