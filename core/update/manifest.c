#include "manifest.h"

#include <string.h>

/* Bytes of a slot: far above any, and far from an overflow. */
static const uint64_t slot_most = (uint64_t)1 << 40;

/* Takes the next line if it begins with the word `key`; *line is then the rest of it. */
static bool take(struct span *text, const char *key, struct span *line)
{
    struct span rest = *text, word;

    if (!text_line(&rest, line) || !text_word(line, &word) || !span_equals(word, key))
        return false;
    *text = rest;
    return true;
}

/* The same of a line with one word behind the key. */
static bool take_one(struct span *text, const char *key, struct span *word)
{
    struct span line;

    return take(text, key, &line) && text_word(&line, word) && line.length == 0;
}

static bool take_number(struct span *text, const char *key, uint64_t most, uint64_t *number)
{
    struct span word;

    return take_one(text, key, &word) && text_number(word, most, number);
}

static bool take_name(struct span *text, const char *key, const char *further, char *out,
                      size_t size)
{
    struct span word;

    return take_one(text, key, &word) && text_name(word, further, out, size);
}

static bool take_key(struct span *text, struct key_set *set)
{
    uint8_t *key = set->keys[set->count];
    struct span word;

    if (!take_one(text, "key", &word) || !text_hex(word, key, KEY_SIZE))
        return false;
    return set->count++ == 0 || memcmp(key - KEY_SIZE, key, KEY_SIZE) < 0;
}

/* Whether the next line begins with this word. */
static bool follows(struct span text, const char *key)
{
    struct span line;

    return take(&text, key, &line);
}

static bool take_key_set(struct span *text, struct key_set *set)
{
    uint64_t threshold;

    *set = (struct key_set){.count = 0};
    if (!take_number(text, "threshold", KEYS_MOST, &threshold))
        return false;
    do
        if (set->count == KEYS_MOST || !take_key(text, set))
            return false;
    while (follows(*text, "key"));
    set->threshold = (unsigned)threshold;
    return threshold > 0 && threshold <= set->count;
}

static bool take_part(struct span *text, struct layout *layout)
{
    struct part *part = &layout->parts[layout->count];
    struct span line, name, offset, length, digest;

    if (!take(text, "part", &line) || !text_word(&line, &name) || !text_word(&line, &offset) ||
        !text_word(&line, &length) || !text_word(&line, &digest) || line.length > 0)
        return false;
    if (!text_name(name, "-_.", part->name, sizeof part->name) ||
        !text_number(offset, layout->length, &part->offset) ||
        !text_number(length, layout->length - part->offset, &part->length) || part->length == 0)
        return false;
    part->has_digest = text_hex(digest, part->digest, DIGEST_SIZE);
    if (!part->has_digest && !span_equals(digest, "-"))
        return false;
    return layout->count++ == 0 || part[-1].offset + part[-1].length <= part->offset;
}

static bool take_layout(struct span *text, struct layout *layout)
{
    *layout = (struct layout){.count = 0};
    if (!take_number(text, "slot", slot_most, &layout->length))
        return false;
    do
        if (layout->count == PARTS_MOST || !take_part(text, layout))
            return false;
    while (follows(*text, "part"));
    return true;
}

static unsigned without_digest(const struct layout *layout)
{
    unsigned count = 0;

    for (unsigned i = 0; i < layout->count; i++)
        count += !layout->parts[i].has_digest;
    return count;
}

/* A folder below the app's data: no part of its path is empty or begins with a dot. */
static bool is_below(const char *folder)
{
    return folder[0] != '/' && folder[0] != '.' && !strstr(folder, "//") && !strstr(folder, "/.") &&
           folder[strlen(folder) - 1] != '/';
}

static bool take_settings(struct span *text, char *out, size_t size)
{
    out[0] = '\0';
    if (!follows(*text, "settings"))
        return true;
    return take_name(text, "settings", "-_./", out, size) && is_below(out);
}

bool manifest_parse(struct span text, struct manifest *manifest)
{
    struct manifest *m = manifest;
    uint64_t kind;

    memset(m, 0, sizeof *m);
    return text.length <= MANIFEST_MOST && take_number(&text, "fapws4-manifest", 1, &kind) &&
           kind == 1 && take_name(&text, "product", "-_.", m->product, sizeof m->product) &&
           take_name(&text, "board", "-_.", m->board, sizeof m->board) &&
           take_name(&text, "version", "-_.+~:", m->version, sizeof m->version) &&
           take_number(&text, "counter", INT64_MAX, &m->counter) &&
           take_number(&text, "data", INT32_MAX, &m->data) &&
           take_settings(&text, m->settings, sizeof m->settings) &&
           take_key_set(&text, &m->keys) && take_layout(&text, &m->slot) &&
           without_digest(&m->slot) == 0 && text.length == 0;
}

bool key_set_parse(struct span text, struct key_set *set)
{
    return take_key_set(&text, set) && text.length == 0;
}

bool layout_parse(struct span text, struct layout *layout)
{
    return take_layout(&text, layout) && without_digest(layout) <= 1 && text.length == 0;
}
