#include "upload.h"

#include "errands.h"
#include "limits.h"

#include <stddef.h>
#include <stdlib.h>

struct upload {
    uv_mutex_t lock;
    uv_cond_t news;
    unsigned references;
    struct buffer waiting;
    enum upload_end end;
    bool told_end;       /* the reader knows of an end that is none of a whole body */
    bool owes_continue;  /* the client waits for 100 (Continue) */
    bool wants_continue; /* ... and somebody reads */
    bool full;           /* since the loop's thread was told so */
    uint64_t patience;   /* nanoseconds for LIMIT_BODY_PROGRESS bytes */
    uint64_t waited;     /* ... of which these are spent */
    size_t progress;     /* bytes since then */
    bool told;           /* the errand is on its way; it holds a reference */
    struct errand errand;
    /* The loop's thread only: */
    void (*ready)(void *context);
    void *context;
};

static struct upload *upload_of(struct errand *errand)
{
    return (struct upload *)((char *)errand - offsetof(struct upload, errand));
}

static void announce(struct errand *errand)
{
    struct upload *upload = upload_of(errand);

    uv_mutex_lock(&upload->lock);
    upload->told = false;
    uv_mutex_unlock(&upload->lock);
    if (upload->ready != NULL)
        upload->ready(upload->context);
    upload_release(upload);
}

/* ---- life ---- */

struct upload *upload_create(unsigned seconds, bool owes_continue)
{
    struct upload *upload = calloc(1, sizeof(*upload));

    if (upload == NULL || uv_mutex_init(&upload->lock) != 0) {
        free(upload);
        return NULL;
    }
    if (uv_cond_init(&upload->news) != 0) {
        uv_mutex_destroy(&upload->lock);
        free(upload);
        return NULL;
    }
    upload->references = 1;
    upload->patience = (uint64_t)seconds * 1000000000;
    upload->owes_continue = owes_continue;
    upload->errand.run = announce;
    return upload;
}

struct upload *upload_share(struct upload *upload)
{
    uv_mutex_lock(&upload->lock);
    upload->references++;
    uv_mutex_unlock(&upload->lock);
    return upload;
}

void upload_release(struct upload *upload)
{
    unsigned left;

    if (upload == NULL)
        return;
    uv_mutex_lock(&upload->lock);
    left = --upload->references;
    uv_mutex_unlock(&upload->lock);
    if (left > 0)
        return;
    uv_cond_destroy(&upload->news);
    uv_mutex_destroy(&upload->lock);
    buffer_finish(&upload->waiting);
    free(upload);
}

/* ---- the loop's side ---- */

void upload_write(struct upload *upload, struct slice data)
{
    uv_mutex_lock(&upload->lock);
    if (upload->end == UPLOAD_OPEN && data.length > 0) {
        upload->owes_continue = upload->wants_continue = false;
        buffer_append_slice(&upload->waiting, data);
        upload->progress += data.length;
        if (upload->waiting.failed)
            upload->end = UPLOAD_NO_MEMORY;
        uv_cond_signal(&upload->news);
    }
    uv_mutex_unlock(&upload->lock);
}

void upload_finish(struct upload *upload, enum upload_end end)
{
    uv_mutex_lock(&upload->lock);
    if (upload->end == UPLOAD_OPEN)
        upload->end = end;
    uv_cond_signal(&upload->news);
    uv_mutex_unlock(&upload->lock);
}

bool upload_is_full(struct upload *upload)
{
    bool full;

    uv_mutex_lock(&upload->lock);
    full = upload->full = upload->waiting.length >= LIMIT_STREAM;
    uv_mutex_unlock(&upload->lock);
    return full;
}

bool upload_takes_continue(struct upload *upload)
{
    bool wanted;

    uv_mutex_lock(&upload->lock);
    wanted = upload->wants_continue;
    if (wanted)
        upload->owes_continue = upload->wants_continue = false;
    uv_mutex_unlock(&upload->lock);
    return wanted;
}

bool upload_owes_continue(struct upload *upload)
{
    bool owes;

    uv_mutex_lock(&upload->lock);
    owes = upload->owes_continue;
    uv_mutex_unlock(&upload->lock);
    return owes;
}

enum upload_end upload_fault(struct upload *upload)
{
    enum upload_end fault;

    uv_mutex_lock(&upload->lock);
    fault = upload->told_end ? upload->end : UPLOAD_OPEN;
    uv_mutex_unlock(&upload->lock);
    return fault;
}

void upload_watch(struct upload *upload, void (*ready)(void *context), void *context)
{
    upload->ready = ready;
    upload->context = context;
}

/* ---- the reader's side; with the lock held ---- */

static void tell(struct upload *upload)
{
    if (upload->told)
        return;
    upload->told = true;
    upload->references++;
    errand_send(&upload->errand);
}

/* Time counts against the client while somebody waits for it, and as long as it brings too little:
 * what the handler does meanwhile does not. */
static void await_news(struct upload *upload)
{
    uint64_t start = uv_hrtime();

    if (upload->progress >= LIMIT_BODY_PROGRESS)
        upload->progress = upload->waited = 0;
    if (upload->waited < upload->patience &&
        uv_cond_timedwait(&upload->news, &upload->lock, upload->patience - upload->waited) == 0) {
        upload->waited += uv_hrtime() - start;
        return;
    }
    if (upload->waiting.length == 0 && upload->end == UPLOAD_OPEN) {
        upload->end = UPLOAD_STALLED;
        tell(upload);
    }
    upload->waited = upload->patience;
}

static void exchange(struct buffer *a, struct buffer *b)
{
    struct buffer kept = *a;

    *a = *b;
    *b = kept;
}

enum upload_end upload_read(struct upload *upload, struct buffer *taken)
{
    enum upload_end end = UPLOAD_OPEN;

    taken->length = 0;
    uv_mutex_lock(&upload->lock);
    if (upload->owes_continue && upload->waiting.length == 0 && upload->end == UPLOAD_OPEN) {
        upload->wants_continue = true;
        tell(upload);
    }
    while (upload->waiting.length == 0 && upload->end == UPLOAD_OPEN)
        await_news(upload);
    if (upload->waiting.length > 0)
        exchange(&upload->waiting, taken);
    else
        end = upload->end;
    upload->told_end |= end != UPLOAD_OPEN && end != UPLOAD_WHOLE;
    if (upload->full)
        tell(upload);
    upload->full = false;
    uv_mutex_unlock(&upload->lock);
    return end;
}
