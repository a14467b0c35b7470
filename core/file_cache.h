/* Files that were served lately, kept open with the head of their response: what Python has answered
 * once is answered without it as long as the file is the same. The file itself is looked at for
 * every request, its compressed sidecars once a second. */
#ifndef FAPWS4_FILE_CACHE_H
#define FAPWS4_FILE_CACHE_H

#include "response.h"

struct file_entry;

/* Zeroed is a valid cache. */
struct file_cache {
    struct file_entry *entries[LIMIT_FILES];
    uint64_t routes;  /* a bit for each route that has kept something, by its number modulo 64 */
    unsigned seconds; /* a coarse clock */
};

/* Keeps what a GET without conditions was answered, the body of which is response->file or a file
 * without content. The names in response->offer (the file first, then sidecars, which need not
 * exist) say when the answer is no longer valid; without a name it is for ever. Does nothing when
 * the file has changed meanwhile or memory is out. */
void file_cache_keep(struct file_cache *cache, int route, const struct request *request,
                     const struct response *response);

/* Answers the request, and sets `*entry` when response->file is in it: it is the caller's until
 * file_entry_release. False when Python has to. */
bool file_cache_answer(struct file_cache *cache, int route, const struct request *request,
                       struct response *response, struct file_entry **entry);

/* NULL is legal. */
void file_entry_release(struct file_entry *entry);

/* Closes all files. */
void file_cache_finish(struct file_cache *cache);

#endif
