#include "channel.h"

#include "errands.h"

#include <stddef.h>
#include <stdlib.h>

struct channel {
    uv_mutex_t lock;
    uv_cond_t room;
    unsigned references;
    struct buffer waiting;
    bool ended, broken, gone;
    bool news;            /* since the last look of the reader */
    bool told;            /* the errand is on its way; it holds a reference */
    struct errand errand;
    /* The loop's thread only: */
    struct buffer given;  /* what was read last */
    void (*ready)(void *context);
    void *context;
};

static struct channel *channel_of(struct errand *errand)
{
    return (struct channel *)((char *)errand - offsetof(struct channel, errand));
}

static void announce(struct errand *errand)
{
    struct channel *channel = channel_of(errand);
    void (*ready)(void *) = channel->ready;

    uv_mutex_lock(&channel->lock);
    channel->told = false;
    uv_mutex_unlock(&channel->lock);
    channel->ready = NULL;
    if (ready != NULL)
        ready(channel->context);
    channel_release(channel);
}

/* ---- life ---- */

struct channel *channel_create(void)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL || uv_mutex_init(&channel->lock) != 0) {
        free(channel);
        return NULL;
    }
    if (uv_cond_init(&channel->room) != 0) {
        uv_mutex_destroy(&channel->lock);
        free(channel);
        return NULL;
    }
    channel->references = 1;
    channel->errand.run = announce;
    return channel;
}

struct channel *channel_share(struct channel *channel)
{
    uv_mutex_lock(&channel->lock);
    channel->references++;
    uv_mutex_unlock(&channel->lock);
    return channel;
}

void channel_release(struct channel *channel)
{
    unsigned left;

    if (channel == NULL)
        return;
    uv_mutex_lock(&channel->lock);
    left = --channel->references;
    uv_mutex_unlock(&channel->lock);
    if (left > 0)
        return;
    uv_cond_destroy(&channel->room);
    uv_mutex_destroy(&channel->lock);
    buffer_finish(&channel->waiting);
    buffer_finish(&channel->given);
    free(channel);
}

/* ---- writing ---- */

/* With the lock held. */
static void tell(struct channel *channel)
{
    channel->news = true;
    if (channel->told || channel->gone)
        return;
    channel->told = true;
    channel->references++;
    errand_send(&channel->errand);
}

bool channel_write(struct channel *channel, struct slice data)
{
    bool failed;

    uv_mutex_lock(&channel->lock);
    if (!channel->gone && !channel->ended && data.length > 0) {
        buffer_append_slice(&channel->waiting, data);
        tell(channel);
    }
    failed = channel->waiting.failed;
    uv_mutex_unlock(&channel->lock);
    return !failed;
}

size_t channel_waiting(struct channel *channel)
{
    size_t length;

    uv_mutex_lock(&channel->lock);
    length = channel->waiting.length;
    uv_mutex_unlock(&channel->lock);
    return length;
}

void channel_end(struct channel *channel, bool broken)
{
    uv_mutex_lock(&channel->lock);
    channel->broken |= broken && !channel->ended;
    channel->ended = true;
    tell(channel);
    uv_mutex_unlock(&channel->lock);
}

void channel_tell(struct channel *channel)
{
    uv_mutex_lock(&channel->lock);
    tell(channel);
    uv_mutex_unlock(&channel->lock);
}

bool channel_wait(struct channel *channel)
{
    bool gone;

    uv_mutex_lock(&channel->lock);
    while (channel->waiting.length >= LIMIT_STREAM && !channel->gone)
        uv_cond_wait(&channel->room, &channel->lock);
    gone = channel->gone;
    uv_mutex_unlock(&channel->lock);
    return !gone;
}

/* ---- reading ---- */

enum writing channel_read(struct channel *channel, struct slice *piece)
{
    struct buffer empty = channel->given;
    enum writing writing = LATER;

    uv_mutex_lock(&channel->lock);
    channel->news = false;
    if (channel->waiting.length > 0) {
        empty.length = 0;
        channel->given = channel->waiting;
        channel->waiting = empty;
        *piece = (struct slice){channel->given.data, channel->given.length};
        writing = MORE;
        uv_cond_signal(&channel->room);
    } else if (channel->ended) {
        writing = channel->broken || channel->waiting.failed ? BROKEN : DONE;
    }
    uv_mutex_unlock(&channel->lock);
    return writing;
}

void channel_watch(struct channel *channel, void (*ready)(void *context), void *context)
{
    channel->ready = ready;
    channel->context = context;
    uv_mutex_lock(&channel->lock);
    if (channel->news)
        tell(channel);
    uv_mutex_unlock(&channel->lock);
}

void channel_abandon(struct channel *channel)
{
    channel->ready = NULL;
    uv_mutex_lock(&channel->lock);
    channel->gone = true;
    uv_cond_signal(&channel->room);
    uv_mutex_unlock(&channel->lock);
}
