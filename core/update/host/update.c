/* An update is put into an image file, by the code that does it on a device. Started by
 * `invoke update` (appliance/updating/update.py), which knows where things lie:
 *
 *     update state IMAGE STATE_AT
 *         prints the slot that is known to work, such as "good a"
 *     update verify FOLDER BUNDLE SIZE
 *         FOLDER holds what the device's /etc has of itself; SIZE is that of a slot, in bytes
 *     update install FOLDER BUNDLE SIZE IMAGE STATE_AT SLOT_A_AT SLOT_B_AT
 *
 * Prints "part NAME LENGTH sent" or "copied" for each, then "armed SLOT". Exit code 1, and one
 * sentence on stderr, when it is refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../init/slots/slots.h"
#include "../bundle.h"
#include "../install.h"

/* One run; what is large is not on the stack. */
struct run {
    struct identity identity;
    struct bundle bundle;
    struct install install;
    struct slot_state state;
    FILE *file; /* the bundle */
    int image;
    uint64_t size, state_at, slots[2];
    bool writes; /* else everything is only verified */
};

static _Noreturn void end_with(const char *what, int error)
{
    fprintf(stderr, "%s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
    exit(1);
}

static uint64_t number(const char *text)
{
    uint64_t value;

    if (!text_number(span_of(text), INT64_MAX, &value))
        end_with("this program is started by invoke update", 0);
    return value;
}

static struct place place_of(const struct run *run, char slot)
{
    return (struct place){run->image, run->slots[slot == 'b'], run->size};
}

static char other_slot(const struct run *run)
{
    return run->state.good == 'a' ? 'b' : 'a';
}

static enum refusal read_state(struct run *run)
{
    run->install.error = slots_read(run->image, run->state_at, &run->state);
    return run->install.error ? REFUSED_READ : ACCEPTED;
}

static enum refusal begin(struct run *run)
{
    const struct layout *slot = &run->bundle.manifest.slot;
    enum refusal refusal =
        install_begin(&run->install, place_of(run, run->state.good), &run->identity.slot,
                      place_of(run, other_slot(run)), slot, run->bundle.wanted);

    for (unsigned i = 0; i < slot->count && refusal == ACCEPTED; i++)
        printf("part %s %llu %s\n", slot->parts[i].name, (unsigned long long)slot->parts[i].length,
               run->bundle.wanted[i] ? "sent" : "copied");
    return refusal;
}

/* The manifest is here: what can be refused is refused now, before a byte is written. */
static enum refusal opened(struct run *run)
{
    enum refusal refusal = install_check(&run->identity, &run->bundle.manifest, run->size);

    return refusal == ACCEPTED && run->writes ? begin(run) : refusal;
}

static enum refusal happened(struct run *run, enum bundle_event event, struct span bytes)
{
    if (event == BUNDLE_REFUSED)
        return run->bundle.refusal;
    if (event == BUNDLE_OPENED)
        return opened(run);
    if (event == BUNDLE_BYTES && run->writes)
        return install_write(&run->install, run->bundle.part, run->bundle.at, bytes);
    return ACCEPTED;
}

static enum refusal feed(struct run *run, struct span input)
{
    enum bundle_event event;
    enum refusal refusal;

    do {
        struct span bytes;
        event = bundle_next(&run->bundle, &input, &bytes);
        refusal = happened(run, event, bytes);
    } while (refusal == ACCEPTED && event != BUNDLE_HUNGRY && event != BUNDLE_COMPLETE);
    return refusal;
}

/* At most `length` bytes of the file; less only at its end. */
static enum refusal feed_from_file(struct run *run, uint64_t length)
{
    static char bytes[INSTALL_BLOCK];
    enum refusal refusal = ACCEPTED;
    size_t count = 1;

    while (length > 0 && count > 0 && refusal == ACCEPTED) {
        count = fread(bytes, 1, length < sizeof bytes ? (size_t)length : sizeof bytes, run->file);
        refusal = feed(run, (struct span){bytes, count});
        length -= count;
    }
    if (ferror(run->file))
        end_with("the bundle cannot be read", errno);
    return refusal;
}

static enum refusal end(const struct run *run, enum refusal refusal)
{
    return refusal == ACCEPTED ? bundle_end(&run->bundle) : refusal;
}

/* The whole file, so that a damaged one is refused before the slot is touched. */
static enum refusal verify(struct run *run)
{
    run->writes = false;
    bundle_begin(&run->bundle, &run->identity.keys);
    return end(run, feed_from_file(run, UINT64_MAX));
}

/* As a sender does it who was told which parts are wanted. The head goes byte by byte: the parts
 * begin where it has been used up. */
static enum refusal send_wanted(struct run *run)
{
    const struct layout *slot = &run->bundle.manifest.slot;
    enum refusal refusal = ACCEPTED;

    rewind(run->file);
    run->writes = true;
    bundle_begin(&run->bundle, &run->identity.keys);
    while (slot->count == 0 && refusal == ACCEPTED && !feof(run->file))
        refusal = feed_from_file(run, 1);
    for (unsigned i = 0; i < slot->count && refusal == ACCEPTED; i++)
        if (run->bundle.wanted[i])
            refusal = feed_from_file(run, slot->parts[i].length);
        else if (fseeko(run->file, (off_t)slot->parts[i].length, SEEK_CUR) != 0)
            end_with("the bundle cannot be read", errno);
    return end(run, refusal);
}

static enum refusal arm(struct run *run)
{
    struct slot_state armed = slot_state_arm(run->state, other_slot(run));

    run->install.error = slots_write(run->image, run->state_at, &armed);
    return run->install.error ? REFUSED_WRITE : ACCEPTED;
}

static enum refusal install(struct run *run)
{
    enum refusal refusal = read_state(run);

    if (refusal == ACCEPTED && run->state.trial && run->state.tries)
        refusal = REFUSED_UNCONFIRMED;
    if (refusal == ACCEPTED)
        refusal = send_wanted(run);
    if (refusal == ACCEPTED)
        refusal = install_finish(&run->install);
    if (refusal == ACCEPTED)
        refusal = arm(run);
    if (refusal == ACCEPTED)
        printf("armed %c\n", other_slot(run));
    return refusal;
}

static enum refusal update(struct run *run, const char *folder, const char *bundle, bool writes)
{
    enum refusal refusal = identity_read(folder, &run->identity);

    run->file = fopen(bundle, "rb");
    if (run->file == NULL)
        end_with("the bundle cannot be opened", errno);
    if (refusal == ACCEPTED)
        refusal = verify(run);
    return refusal == ACCEPTED && writes ? install(run) : refusal;
}

static void open_image(struct run *run, const char *path, const char *state_at, int flags)
{
    run->image = open(path, flags | O_CLOEXEC);
    if (run->image < 0)
        end_with("the image cannot be opened", errno);
    run->state_at = number(state_at);
}

static enum refusal show_state(struct run *run)
{
    enum refusal refusal = read_state(run);

    if (refusal == ACCEPTED)
        printf("good %c\n", run->state.good);
    return refusal;
}

int main(int argc, char **argv)
{
    static struct run run;
    const char *verb = argc > 1 ? argv[1] : "";
    bool writes = strcmp(verb, "install") == 0;
    enum refusal refusal;

    if (strcmp(verb, "state") == 0 && argc == 4) {
        open_image(&run, argv[2], argv[3], O_RDONLY);
        refusal = show_state(&run);
    } else if ((strcmp(verb, "verify") == 0 && argc == 5) || (writes && argc == 9)) {
        run.size = number(argv[4]);
        if (writes) {
            open_image(&run, argv[5], argv[6], O_RDWR);
            run.slots[0] = number(argv[7]);
            run.slots[1] = number(argv[8]);
        }
        refusal = update(&run, argv[2], argv[3], writes);
    } else {
        end_with("this program is started by invoke update", 0);
    }
    if (refusal != ACCEPTED)
        end_with(refusal_text(refusal), run.install.error);
    return 0;
}
