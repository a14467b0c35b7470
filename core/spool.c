#include "spool.h"

#include "limits.h"
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct spool {
    uv_work_t work;
    uv_loop_t *loop;
    atomic_uint references;
    char *folder;
    int file;             /* -1 before the first block */
    size_t reserved;      /* bytes of a memfd: its share of `in_memory` */
    bool in_memory;       /* the file is a memfd */
    bool busy, last;
    uint64_t written;
    int error;            /* errno */
    struct buffer filled; /* what waits to be written */
    struct buffer block;  /* what is being written: the thread's while it is busy */
    void (*ready)(void *context);
    void *context;
};

/* Bytes in all memfds. */
static atomic_size_t in_memory;

/* ---- on a thread ---- */

/* A file without a name. O_TMPFILE never has one, but not all file systems know it. */
static int create_in(const char *folder)
{
    char path[4096];
    int file = -1;

#ifdef O_TMPFILE
    file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
#endif
    if (file >= 0 || snprintf(path, sizeof(path), "%s/fapws4-XXXXXX", folder) >= (int)sizeof(path))
        return file;
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

/* Without a folder that can be written to, memory has to do: as little of it as LIMIT_SPILL_MEMORY
 * says, for all requests together. */
static int create_file(struct spool *spool)
{
    int file = create_in(spool->folder);

#ifdef MFD_CLOEXEC
    if (file < 0) {
        file = memfd_create("fapws4 body", MFD_CLOEXEC);
        spool->in_memory = file >= 0;
    }
#endif
    return file;
}

static int reserve(struct spool *spool)
{
    if (!spool->in_memory)
        return 0;
    if (atomic_fetch_add(&in_memory, spool->block.length) + spool->block.length <=
        LIMIT_SPILL_MEMORY) {
        spool->reserved += spool->block.length;
        return 0;
    }
    atomic_fetch_sub(&in_memory, spool->block.length);
    return ENOSPC;
}

static int write_block(struct spool *spool)
{
    struct slice rest = {spool->block.data, spool->block.length};

    while (rest.length > 0) {
        ssize_t count = pwrite(spool->file, rest.data, rest.length, (off_t)spool->written);
        if (count < 0 && errno != EINTR)
            return errno;
        if (count > 0) {
            rest = (struct slice){rest.data + count, rest.length - (size_t)count};
            spool->written += (uint64_t)count;
        }
    }
    return 0;
}

static void store(uv_work_t *work)
{
    struct spool *spool = work->data;

    if (spool->file < 0)
        spool->file = create_file(spool);
    spool->error = spool->file < 0 ? errno : reserve(spool);
    if (spool->error == 0)
        spool->error = write_block(spool);
}

/* ---- life ---- */

struct spool *spool_create(uv_loop_t *loop)
{
    const char *folder = getenv("TMPDIR");
    struct spool *spool = calloc(1, sizeof(*spool));

    if (spool == NULL)
        return NULL;
    spool->folder = strdup(folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    if (spool->folder == NULL) {
        free(spool);
        return NULL;
    }
    atomic_init(&spool->references, 1);
    spool->loop = loop;
    spool->work.data = spool;
    spool->file = -1;
    return spool;
}

struct spool *spool_share(struct spool *spool)
{
    atomic_fetch_add(&spool->references, 1);
    return spool;
}

void spool_release(struct spool *spool)
{
    if (spool == NULL || atomic_fetch_sub(&spool->references, 1) > 1)
        return;
    if (spool->file >= 0)
        close(spool->file);
    atomic_fetch_sub(&in_memory, spool->reserved);
    buffer_finish(&spool->filled);
    buffer_finish(&spool->block);
    free(spool->folder);
    free(spool);
}

/* ---- filling ---- */

static void begin(struct spool *spool);

static void on_stored(uv_work_t *work, int status)
{
    struct spool *spool = work->data;

    (void)status; /* nobody cancels it */
    threads_hold();
    spool->busy = false;
    if (spool->error == 0)
        begin(spool);
    if (!spool->busy && spool->ready != NULL)
        spool->ready(spool->context);
    spool_release(spool);
}

/* Hands what waits to a thread, if that is enough. */
static void begin(struct spool *spool)
{
    struct buffer empty = spool->block;

    if (spool->filled.failed)
        spool->error = ENOMEM;
    if (spool->error != 0 || spool->filled.length == 0 ||
        (spool->filled.length < LIMIT_SPILL_BLOCK && !spool->last))
        return;
    empty.length = 0;
    spool->block = spool->filled;
    spool->filled = empty;
    spool->busy = uv_queue_work(spool->loop, &spool->work, store, on_stored) == 0;
    if (spool->busy)
        spool_share(spool);
    else
        spool->error = ENOMEM;
}

void spool_append(struct spool *spool, struct slice data, bool last)
{
    buffer_append_slice(&spool->filled, data);
    spool->last |= last;
    if (!spool->busy)
        begin(spool);
}

bool spool_is_busy(const struct spool *spool)
{
    return spool->busy;
}

int spool_error(const struct spool *spool)
{
    return spool->error;
}

void spool_watch(struct spool *spool, void (*ready)(void *context), void *context)
{
    spool->ready = ready;
    spool->context = context;
}

/* ---- reading ---- */

ssize_t spool_read(const struct spool *spool, char *data, size_t size, uint64_t offset)
{
    ssize_t count;

    do
        count = pread(spool->file, data, size, (off_t)offset);
    while (count < 0 && errno == EINTR);
    return count;
}
