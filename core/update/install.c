#include "install.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum refusal install_check(const struct identity *identity, const struct manifest *manifest,
                           uint64_t size)
{
    if (strcmp(identity->product, manifest->product) != 0)
        return REFUSED_PRODUCT;
    if (strcmp(identity->board, manifest->board) != 0)
        return REFUSED_BOARD;
    if (manifest->counter < identity->counter)
        return REFUSED_OLDER;
    if (manifest->counter == identity->counter)
        return REFUSED_SAME;
    return manifest->slot.length <= size ? ACCEPTED : REFUSED_NO_ROOM;
}

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static enum refusal fail(struct install *install, ssize_t count, enum refusal refusal)
{
    install->error = count < 0 ? errno : EIO;
    return refusal;
}

static enum refusal read_at(struct install *install, const struct place *place, uint64_t at,
                            char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = pread(place->fd, bytes, length, (off_t)(place->at + at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return fail(install, count, REFUSED_READ);
        bytes += count;
        at += (uint64_t)count;
        length -= (size_t)count;
    }
    return ACCEPTED;
}

static enum refusal write_at(struct install *install, uint64_t at, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = pwrite(install->to.fd, bytes, length, (off_t)(install->to.at + at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return fail(install, count, REFUSED_WRITE);
        bytes += count;
        at += (uint64_t)count;
        length -= (size_t)count;
    }
    return ACCEPTED;
}

/* Waits until the disk has it. */
static enum refusal settle(struct install *install)
{
    return fsync(install->to.fd) == 0 ? ACCEPTED : fail(install, -1, REFUSED_WRITE);
}

/* Bytes of the slot. Those of the first sector are kept for the end. */
static enum refusal put(struct install *install, uint64_t at, const char *bytes, size_t length)
{
    size_t kept = 0;

    if (at < INSTALL_SECTOR) {
        kept = (size_t)smaller(length, INSTALL_SECTOR - at);
        memcpy(install->first + at, bytes, kept);
    }
    return write_at(install, at + kept, bytes + kept, length - kept);
}

static enum refusal put_zeros(struct install *install, uint64_t from, uint64_t to)
{
    enum refusal refusal = ACCEPTED;

    memset(install->block, 0, sizeof install->block);
    for (uint64_t at = from; at < to && refusal == ACCEPTED; at += sizeof install->block)
        refusal = put(install, at, install->block, (size_t)smaller(to - at, sizeof install->block));
    return refusal;
}

/* Where the gap before a part begins; before the part behind the last one: the slot's end. */
static uint64_t end_before(const struct layout *slot, unsigned part)
{
    return part == 0 ? 0 : slot->parts[part - 1].offset + slot->parts[part - 1].length;
}

static uint64_t begin_of(const struct layout *slot, unsigned part)
{
    return part < slot->count ? slot->parts[part].offset : slot->length;
}

static enum refusal fill_gaps(struct install *install)
{
    enum refusal refusal = ACCEPTED;

    for (unsigned i = 0; i <= install->slot->count && refusal == ACCEPTED; i++)
        refusal = put_zeros(install, end_before(install->slot, i), begin_of(install->slot, i));
    return refusal;
}

static const struct part *find_same(const struct layout *running, const struct part *part)
{
    for (unsigned i = 0; i < running->count; i++)
        if (running->parts[i].has_digest && running->parts[i].length == part->length &&
            memcmp(running->parts[i].digest, part->digest, DIGEST_SIZE) == 0)
            return &running->parts[i];
    return NULL;
}

/* What the running slot says it holds is believed only when it does; *copied tells. A part that
 * cannot be read there is one that must be sent. With `writes`, it is put into its place on the
 * way. */
static enum refusal copy_part(struct install *install, const struct part *source,
                              const struct part *part, bool writes, bool *copied)
{
    uint8_t found[DIGEST_SIZE];
    struct digest digest;
    enum refusal refusal = ACCEPTED;

    *copied = source->offset + source->length <= install->from.size;
    digest_begin(&digest);
    for (uint64_t at = 0; at < part->length && *copied && refusal == ACCEPTED;) {
        size_t count = (size_t)smaller(part->length - at, sizeof install->block);
        *copied = read_at(install, &install->from, source->offset + at, install->block, count) ==
                  ACCEPTED;
        if (*copied)
            digest_add(&digest, install->block, count);
        if (*copied && writes)
            refusal = put(install, part->offset + at, install->block, count);
        at += count;
    }
    digest_read(&digest, found);
    *copied = *copied && memcmp(found, part->digest, DIGEST_SIZE) == 0;
    return refusal;
}

static enum refusal copy_parts(struct install *install, const struct layout *running,
                               const struct layout *slot, bool writes, bool wanted[PARTS_MOST])
{
    enum refusal refusal = ACCEPTED;

    for (unsigned i = 0; i < slot->count && refusal == ACCEPTED; i++) {
        const struct part *source = find_same(running, &slot->parts[i]);
        bool copied = false;
        if (source)
            refusal = copy_part(install, source, &slot->parts[i], writes, &copied);
        wanted[i] = !copied;
    }
    return refusal;
}

void install_look(struct install *install, struct place from, const struct layout *running,
                  const struct layout *slot, bool wanted[PARTS_MOST])
{
    install->from = from;
    copy_parts(install, running, slot, false, wanted);
}

static enum refusal make_unstartable(struct install *install)
{
    enum refusal refusal;

    memset(install->first, 0, sizeof install->first);
    refusal = write_at(install, 0, install->first, sizeof install->first);
    return refusal == ACCEPTED ? settle(install) : refusal;
}

enum refusal install_begin(struct install *install, struct place from,
                           const struct layout *running, struct place to,
                           const struct layout *slot, bool wanted[PARTS_MOST])
{
    enum refusal refusal;

    install->from = from;
    install->to = to;
    install->slot = slot;
    install->error = 0;
    refusal = make_unstartable(install);
    if (refusal == ACCEPTED)
        refusal = fill_gaps(install);
    return refusal == ACCEPTED ? copy_parts(install, running, slot, true, wanted) : refusal;
}

enum refusal install_write(struct install *install, unsigned part, uint64_t at, struct span bytes)
{
    return put(install, install->slot->parts[part].offset + at, bytes.start, bytes.length);
}

/* Bytes of the slot as the disk has them; the first sector is not there yet. */
static enum refusal get(struct install *install, uint64_t at, size_t length)
{
    enum refusal refusal = read_at(install, &install->to, at, install->block, length);

    if (at < INSTALL_SECTOR)
        memcpy(install->block, install->first + at, (size_t)smaller(length, INSTALL_SECTOR - at));
    return refusal;
}

static bool is_zero(const char *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static enum refusal compare_gap(struct install *install, uint64_t from, uint64_t to)
{
    enum refusal refusal = ACCEPTED;

    while (from < to && refusal == ACCEPTED) {
        size_t count = (size_t)smaller(to - from, sizeof install->block);
        refusal = get(install, from, count);
        if (refusal == ACCEPTED && !is_zero(install->block, count))
            refusal = REFUSED_READ_BACK;
        from += count;
    }
    return refusal;
}

static enum refusal compare_part(struct install *install, const struct part *part)
{
    uint8_t found[DIGEST_SIZE];
    struct digest digest;
    enum refusal refusal = ACCEPTED;

    digest_begin(&digest);
    for (uint64_t at = 0; at < part->length && refusal == ACCEPTED;) {
        size_t count = (size_t)smaller(part->length - at, sizeof install->block);
        refusal = get(install, part->offset + at, count);
        digest_add(&digest, install->block, count);
        at += count;
    }
    digest_read(&digest, found);
    if (refusal != ACCEPTED)
        return refusal;
    return memcmp(found, part->digest, DIGEST_SIZE) == 0 ? ACCEPTED : REFUSED_READ_BACK;
}

/* Otherwise it would be read from memory. */
static void forget_cached(const struct install *install)
{
    posix_fadvise(install->to.fd, (off_t)install->to.at, (off_t)install->slot->length,
                  POSIX_FADV_DONTNEED);
}

static enum refusal compare_all(struct install *install)
{
    const struct layout *slot = install->slot;
    enum refusal refusal = ACCEPTED;

    forget_cached(install);
    for (unsigned i = 0; i <= slot->count && refusal == ACCEPTED; i++) {
        refusal = compare_gap(install, end_before(slot, i), begin_of(slot, i));
        if (refusal == ACCEPTED && i < slot->count)
            refusal = compare_part(install, &slot->parts[i]);
    }
    return refusal;
}

static enum refusal make_startable(struct install *install)
{
    enum refusal refusal = write_at(install, 0, install->first, sizeof install->first);

    if (refusal == ACCEPTED)
        refusal = settle(install);
    forget_cached(install);
    if (refusal == ACCEPTED)
        refusal = read_at(install, &install->to, 0, install->block, sizeof install->first);
    if (refusal == ACCEPTED && memcmp(install->block, install->first, sizeof install->first) != 0)
        refusal = REFUSED_READ_BACK;
    return refusal;
}

enum refusal install_finish(struct install *install)
{
    enum refusal refusal = settle(install);

    if (refusal == ACCEPTED)
        refusal = compare_all(install);
    return refusal == ACCEPTED ? make_startable(install) : refusal;
}
