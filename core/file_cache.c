#include "file_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells one state of a file from another. */
struct mark {
    bool exists;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct file_entry {
    unsigned references; /* the cache's, and one for each response on its way */
    uint64_t hash;
    int route;
    int descriptor; /* -1: the content is in memory */
    int status;
    bool has_date, has_server;
    uint64_t size;
    struct slice path, coding, fields, content; /* in `bytes` */
    unsigned count;
    const char *names[OFFER_NAMES]; /* in `bytes` */
    struct mark marks[OFFER_NAMES];
    unsigned seen; /* on the cache's clock: when the sidecars were looked at */
    char bytes[];
};

/* ---- marks ---- */

static struct mark mark_of(const struct stat *status)
{
    return (struct mark){true, status->st_dev, status->st_ino, status->st_size, status->st_mtim};
}

/* The file may be reached through links, a sidecar never is. */
static struct mark look_at(const char *name, bool is_sidecar)
{
    struct stat status;

    if ((is_sidecar ? lstat : stat)(name, &status) != 0)
        return (struct mark){.exists = false};
    return mark_of(&status);
}

static bool is_same(const struct mark *a, const struct mark *b)
{
    if (!a->exists || !b->exists)
        return a->exists == b->exists;
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

/* True when nothing has changed since the marks were made. */
static bool is_current(const struct file_cache *cache, struct file_entry *entry)
{
    unsigned count = entry->seen == cache->seconds && entry->count > 0 ? 1 : entry->count;

    for (unsigned i = 0; i < count; i++) {
        struct mark mark = look_at(entry->names[i], i > 0);
        if (!is_same(&mark, &entry->marks[i]))
            return false;
    }
    entry->seen = cache->seconds;
    return true;
}

/* The content must be that of one of the marks: it could have been replaced since it was opened. */
static bool is_marked(const struct file_entry *entry, int descriptor)
{
    struct stat status;
    struct mark mark;

    if (fstat(descriptor, &status) != 0)
        return false;
    mark = mark_of(&status);
    for (unsigned i = 0; i < entry->count; i++) {
        if (is_same(&mark, &entry->marks[i]))
            return true;
    }
    return entry->count == 0;
}

/* ---- entries ---- */

/* FNV-1a, 64 bits. */
static uint64_t add_to_hash(uint64_t hash, struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3;
    return hash;
}

static uint64_t hash_of(int route, const struct request *request)
{
    uint64_t hash = 0xcbf29ce484222325 ^ (uint64_t)route;

    return add_to_hash(add_to_hash(hash, request->path), request->fields.accept_encoding);
}

static bool is_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static struct file_entry **slot_of(struct file_cache *cache, uint64_t hash)
{
    return &cache->entries[(hash ^ hash >> 32) % LIMIT_FILES];
}

void file_entry_release(struct file_entry *entry)
{
    if (entry == NULL || --entry->references > 0)
        return;
    if (entry->descriptor >= 0)
        close(entry->descriptor);
    free(entry);
}

static struct slice copy(char **place, struct slice text)
{
    struct slice made = {*place, text.length};

    if (text.length > 0)
        memcpy(*place, text.data, text.length);
    *place += text.length;
    return made;
}

/* Reads a small file into the entry; false when it is not as long as it was. */
static bool take_content(struct file_entry *entry, const struct file_part *file, char *place)
{
    size_t length = 0;

    while (length < file->left) {
        ssize_t count = pread(file->descriptor, place + length, (size_t)file->left - length,
                              (off_t)(file->offset + length));
        if (count <= 0)
            return false;
        length += (size_t)count;
    }
    entry->content = (struct slice){place, length};
    return true;
}

/* Small content is kept in memory, else a descriptor of the cache's own. */
static bool take_file(struct file_entry *entry, const struct file_part *file, char *place)
{
    entry->descriptor = -1;
    entry->size = file->left;
    if (file->left <= LIMIT_COPY)
        return take_content(entry, file, place);
    entry->descriptor = fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
    return entry->descriptor >= 0;
}

static struct file_entry *create(int route, const struct request *request,
                                 const struct response *response)
{
    const struct offer *offer = &response->offer;
    size_t room = request->path.length + request->fields.accept_encoding.length +
                  response->fields.length;
    struct file_entry *entry;
    char *place;

    for (unsigned i = 0; i < offer->count; i++)
        room += offer->names[i].length + 1;
    if (response->file.left <= LIMIT_COPY)
        room += (size_t)response->file.left;
    entry = calloc(1, sizeof(*entry) + room);
    if (entry == NULL)
        return NULL;
    place = entry->bytes;
    entry->references = 1;
    entry->hash = hash_of(route, request);
    entry->route = route;
    entry->status = response->status;
    entry->has_date = response->has_date;
    entry->has_server = response->has_server;
    entry->path = copy(&place, request->path);
    entry->coding = copy(&place, request->fields.accept_encoding);
    entry->fields = copy(&place, (struct slice){response->fields.data, response->fields.length});
    entry->count = offer->count;
    for (unsigned i = 0; i < offer->count; i++) {
        entry->names[i] = copy(&place, offer->names[i]).data;
        *place++ = '\0';
        entry->marks[i] = look_at(entry->names[i], i > 0);
    }
    if (take_file(entry, &response->file, place) && is_marked(entry, response->file.descriptor))
        return entry;
    file_entry_release(entry);
    return NULL;
}

/* ---- the cache ---- */

/* What a condition, a range or a body asks for is decided in Python. */
static bool is_plain(const struct request *request)
{
    return !request->fields.conditional && request->body.length == 0 && !request->fields.chunked;
}

static uint64_t bit_of(int route)
{
    return (uint64_t)1 << (unsigned)route % 64;
}

static bool is_method(const struct request *request, struct slice name)
{
    return is_equal(request->method, name);
}

void file_cache_keep(struct file_cache *cache, int route, const struct request *request,
                     const struct response *response)
{
    struct file_entry *entry, **slot;

    if (!is_method(request, SLICE("GET")) || !is_plain(request) || response->fields.failed)
        return;
    entry = create(route, request, response);
    if (entry == NULL)
        return;
    entry->seen = cache->seconds;
    cache->routes |= bit_of(route);
    slot = slot_of(cache, entry->hash);
    file_entry_release(*slot);
    *slot = entry;
}

static struct file_entry *find(struct file_cache *cache, int route, const struct request *request)
{
    uint64_t hash = hash_of(route, request);
    struct file_entry **slot = slot_of(cache, hash);
    struct file_entry *entry = *slot;

    if (entry == NULL || entry->hash != hash || entry->route != route ||
        !is_equal(entry->path, request->path) ||
        !is_equal(entry->coding, request->fields.accept_encoding))
        return NULL;
    if (is_current(cache, entry))
        return entry;
    *slot = NULL;
    file_entry_release(entry);
    return NULL;
}

bool file_cache_answer(struct file_cache *cache, int route, const struct request *request,
                       struct response *response, struct file_entry **entry)
{
    struct file_entry *found;

    if ((cache->routes & bit_of(route)) == 0 || !is_plain(request) ||
        !(is_method(request, SLICE("GET")) || is_method(request, SLICE("HEAD"))))
        return false;
    found = find(cache, route, request);
    if (found == NULL)
        return false;
    response->status = found->status;
    response->has_date = found->has_date;
    response->has_server = found->has_server;
    response->has_length = true;
    response->length = found->size;
    response->body = found->content;
    response->whole = found->descriptor < 0;
    buffer_append_slice(&response->fields, found->fields);
    if (!response->whole) {
        response->file = (struct file_part){found->descriptor, 0, found->size};
        found->references++;
        *entry = found;
    }
    return true;
}

void file_cache_finish(struct file_cache *cache)
{
    for (size_t i = 0; i < LIMIT_FILES; i++) {
        file_entry_release(cache->entries[i]);
        cache->entries[i] = NULL;
    }
}
