#include "bundle.h"

#include <string.h>

enum stage { MAGIC, LENGTH, MANIFEST, COUNT, SIGNATURES, PARTS, COMPLETE, REFUSED };

static const char magic[] = "fapws4-bundle 1\n";

enum { MAGIC_SIZE = sizeof magic - 1, LENGTH_SIZE = 4 };

void bundle_begin(struct bundle *bundle, const struct key_set *trusted)
{
    memset(bundle, 0, sizeof *bundle);
    bundle->trusted = trusted;
}

static enum bundle_event refuse(struct bundle *bundle, enum refusal refusal)
{
    bundle->stage = REFUSED;
    bundle->refusal = refusal;
    return BUNDLE_REFUSED;
}

static void enter(struct bundle *bundle, enum stage stage)
{
    bundle->stage = stage;
    bundle->filled = 0;
}

/* Fills place[size] from the input; true once it is full. */
static bool fill(struct bundle *bundle, void *place, size_t size, struct span *input)
{
    size_t room = size - (size_t)bundle->filled;
    size_t count = input->length < room ? input->length : room;

    if (count > 0)
        memcpy((char *)place + bundle->filled, input->start, count);
    bundle->filled += count;
    input->start += count;
    input->length -= count;
    return bundle->filled == size;
}

static bool same_keys(const struct key_set *one, const struct key_set *other)
{
    return one->threshold == other->threshold && one->count == other->count &&
           memcmp(one->keys, other->keys, one->count * sizeof one->keys[0]) == 0;
}

/* The signatures are here. Only what they cover is read. */
static enum bundle_event open_manifest(struct bundle *bundle)
{
    struct manifest *manifest = &bundle->manifest;

    if (!signatures_suffice(bundle->trusted, bundle->signatures, bundle->signature_count,
                            bundle->text, bundle->text_length))
        return refuse(bundle, REFUSED_SIGNATURE);
    if (!manifest_parse((struct span){bundle->text, bundle->text_length}, manifest))
        return refuse(bundle, REFUSED_MANIFEST);
    if (!same_keys(&manifest->keys, bundle->trusted) &&
        !signatures_suffice(&manifest->keys, bundle->signatures, bundle->signature_count,
                            bundle->text, bundle->text_length))
        return refuse(bundle, REFUSED_NEW_KEYS);
    for (unsigned i = 0; i < manifest->slot.count; i++)
        bundle->wanted[i] = true;
    enter(bundle, PARTS);
    digest_begin(&bundle->digest);
    return BUNDLE_OPENED;
}

static enum bundle_event read_length(struct bundle *bundle)
{
    const uint8_t *head = bundle->head;
    uint32_t length = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                      (uint32_t)head[3] << 24;

    if (length > MANIFEST_MOST)
        return refuse(bundle, REFUSED_MANIFEST_TOO_LARGE);
    bundle->text_length = length;
    enter(bundle, MANIFEST);
    return BUNDLE_HUNGRY;
}

/* One stage before the parts; BUNDLE_HUNGRY says no more than that the stage is not refused. */
static enum bundle_event read_head(struct bundle *bundle, struct span *input)
{
    switch (bundle->stage) {
    case MAGIC:
        if (!fill(bundle, bundle->head, MAGIC_SIZE, input))
            return BUNDLE_HUNGRY;
        if (memcmp(bundle->head, magic, MAGIC_SIZE) != 0)
            return refuse(bundle, REFUSED_NOT_A_BUNDLE);
        enter(bundle, LENGTH);
        return BUNDLE_HUNGRY;
    case LENGTH:
        return fill(bundle, bundle->head, LENGTH_SIZE, input) ? read_length(bundle) : BUNDLE_HUNGRY;
    case MANIFEST:
        if (fill(bundle, bundle->text, bundle->text_length, input))
            enter(bundle, COUNT);
        return BUNDLE_HUNGRY;
    case COUNT:
        if (!fill(bundle, bundle->head, 1, input))
            return BUNDLE_HUNGRY;
        bundle->signature_count = bundle->head[0];
        enter(bundle, SIGNATURES);
        return bundle->signature_count <= SIGNATURES_MOST ? BUNDLE_HUNGRY
                                                          : refuse(bundle, REFUSED_NOT_A_BUNDLE);
    default:
        if (!fill(bundle, bundle->signatures,
                  bundle->signature_count * sizeof bundle->signatures[0], input))
            return BUNDLE_HUNGRY;
        return open_manifest(bundle);
    }
}

/* Goes over parts that nobody wants; whether one is left. */
static bool find_wanted(struct bundle *bundle)
{
    while (bundle->part < bundle->manifest.slot.count && !bundle->wanted[bundle->part])
        bundle->part++;
    return bundle->part < bundle->manifest.slot.count;
}

/* The last bytes of a part are not given out when it is not what it should be. */
static bool is_whole(struct bundle *bundle, const struct part *part)
{
    uint8_t digest[DIGEST_SIZE];

    digest_read(&bundle->digest, digest);
    return memcmp(digest, part->digest, DIGEST_SIZE) == 0;
}

static enum bundle_event read_part(struct bundle *bundle, struct span *input, struct span *bytes)
{
    const struct part *part = &bundle->manifest.slot.parts[bundle->part];
    uint64_t room = part->length - bundle->filled;

    *bytes = (struct span){input->start, input->length < room ? input->length : (size_t)room};
    input->start += bytes->length;
    input->length -= bytes->length;
    digest_add(&bundle->digest, bytes->start, bytes->length);
    bundle->at = bundle->filled;
    bundle->filled += bytes->length;
    return bundle->filled < part->length || is_whole(bundle, part)
               ? BUNDLE_BYTES
               : refuse(bundle, REFUSED_DAMAGED);
}

/* After the last bytes of a part. */
static void leave_part(struct bundle *bundle)
{
    if (bundle->part >= bundle->manifest.slot.count ||
        bundle->filled < bundle->manifest.slot.parts[bundle->part].length)
        return;
    bundle->part++;
    bundle->filled = 0;
    digest_begin(&bundle->digest);
}

enum bundle_event bundle_next(struct bundle *bundle, struct span *input, struct span *bytes)
{
    enum stage before;

    do {
        enum bundle_event event;
        before = bundle->stage;
        if (before >= PARTS)
            break;
        event = read_head(bundle, input);
        if (event != BUNDLE_HUNGRY)
            return event;
    } while ((int)before != bundle->stage);
    if (bundle->stage == PARTS) {
        leave_part(bundle);
        if (find_wanted(bundle))
            return input->length > 0 ? read_part(bundle, input, bytes) : BUNDLE_HUNGRY;
        bundle->stage = COMPLETE;
    }
    if (bundle->stage == COMPLETE)
        return input->length > 0 ? refuse(bundle, REFUSED_TOO_LONG) : BUNDLE_COMPLETE;
    return bundle->stage == REFUSED ? BUNDLE_REFUSED : BUNDLE_HUNGRY;
}

enum refusal bundle_end(const struct bundle *bundle)
{
    if (bundle->stage == REFUSED)
        return bundle->refusal;
    return bundle->stage == COMPLETE ? ACCEPTED : REFUSED_CUT_SHORT;
}
