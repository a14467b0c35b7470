#include "loop.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { WRITE_MOST = 8, FLAG_CLOSING = 1 };

/* A write that the kernel has not taken whole. */
struct queued {
    uv_write_t *request;
    uv_write_cb done;
    uv_buf_t buffers[WRITE_MOST];
    unsigned count;
    struct queued *next;
};

static struct {
    const uint8_t *choices;
    size_t choice_count, choice_at;
    uv_stream_t *stream; /* NULL when its memory has been given back */
    uv_alloc_cb allocate;
    uv_read_cb read; /* NULL while the server does not read */
    int parting;     /* what comes behind the last byte; 0: nothing yet */
    struct queued *writes;
    uv_shutdown_t *shutdown;
    uv_shutdown_cb on_shutdown;
    uv_close_cb on_closed;
    bool shut, reset;
    struct buffer output;
} line;

static uv_async_t *async; /* outlives the lines, as the loop's own does */

static void fail(const char *what)
{
    fprintf(stderr, "loop: %s\n", what);
    abort();
}

/* ---- for the caller ---- */

void loop_begin(const uint8_t *choices, size_t count)
{
    struct buffer output = line.output;

    output.length = 0;
    memset(&line, 0, sizeof(line));
    line.output = output;
    line.choices = choices;
    line.choice_count = count;
}

uint8_t loop_choose(void)
{
    return line.choice_count > 0 ? line.choices[line.choice_at++ % line.choice_count] : UINT8_MAX;
}

static bool is_closing(void)
{
    return line.stream == NULL || (line.stream->flags & FLAG_CLOSING) != 0;
}

size_t loop_deliver(const char *data, size_t length)
{
    uv_buf_t buffer = {NULL, 0};

    if (line.read == NULL || is_closing())
        return 0;
    line.allocate((uv_handle_t *)line.stream, 65536, &buffer);
    if (buffer.base == NULL || buffer.len == 0)
        fail("there is no room for what is to be read");
    if (length > buffer.len)
        length = buffer.len;
    memcpy(buffer.base, data, length);
    line.read(line.stream, (ssize_t)length, &buffer);
    return length;
}

static bool deliver_parting(void)
{
    uv_buf_t buffer = {NULL, 0};
    int status = line.parting;

    if (status == 0 || line.read == NULL || is_closing())
        return false;
    line.parting = 0;
    line.allocate((uv_handle_t *)line.stream, 65536, &buffer);
    line.read(line.stream, status, &buffer);
    return true;
}

void loop_part(int status)
{
    line.parting = status;
}

struct slice loop_output(void)
{
    return (struct slice){line.output.data, line.output.length};
}

enum condition loop_condition(void)
{
    if (is_closing())
        return line.reset ? RESET : CLOSED;
    return line.shut ? SHUT : OPEN;
}

/* ---- a turn ---- */

static bool run_async(void)
{
    if (async == NULL || async->pending == 0)
        return false;
    async->pending = 0;
    async->async_cb(async);
    return true;
}

/* Moves up to `most` bytes of the buffers to the output. */
static size_t take(uv_buf_t *buffers, unsigned count, size_t most)
{
    size_t taken = 0;

    for (unsigned i = 0; i < count && taken < most; i++) {
        size_t length = buffers[i].len < most - taken ? buffers[i].len : most - taken;
        buffer_append(&line.output, buffers[i].base, length);
        buffers[i].base += length;
        buffers[i].len -= length;
        taken += length;
    }
    return taken;
}

static size_t length_of(const uv_buf_t *buffers, unsigned count)
{
    size_t length = 0;

    for (unsigned i = 0; i < count; i++)
        length += buffers[i].len;
    return length;
}

/* Bytes that the kernel takes at once: nothing, a few, or as many as there are. */
static size_t room(void)
{
    uint8_t choice = loop_choose();

    return choice < 128 ? choice : SIZE_MAX;
}

static void end_write(int status)
{
    struct queued *first = line.writes;
    uv_write_t *request = first->request;
    uv_write_cb done = first->done;

    line.writes = first->next;
    free(first);
    if (done != NULL)
        done(request, status);
}

static bool move_writes(void)
{
    size_t most;

    if (line.writes == NULL || is_closing())
        return false;
    most = room();
    take(line.writes->buffers, line.writes->count, most > 0 ? most : 1);
    if (length_of(line.writes->buffers, line.writes->count) == 0)
        end_write(0);
    return true;
}

static bool move_shutdown(void)
{
    uv_shutdown_t *request = line.shutdown;

    if (request == NULL || line.writes != NULL || is_closing())
        return false;
    line.shutdown = NULL;
    line.shut = true;
    line.on_shutdown(request, 0);
    return true;
}

static bool move_close(void)
{
    uv_stream_t *stream = line.stream;
    uv_shutdown_t *request = line.shutdown;

    if (stream == NULL || !is_closing())
        return false;
    while (line.writes != NULL)
        end_write(UV_ECANCELED);
    line.shutdown = NULL;
    if (request != NULL)
        line.on_shutdown(request, UV_ECANCELED);
    line.stream = NULL;
    if (line.on_closed != NULL)
        line.on_closed((uv_handle_t *)stream);
    return true;
}

bool loop_turn(void)
{
    bool moved = run_async();

    moved |= deliver_parting();
    moved |= move_writes();
    moved |= move_shutdown();
    moved |= move_close();
    return moved;
}

/* ---- for the server: libuv's functions, as their documentation says ---- */

int uv_tcp_init(uv_loop_t *loop, uv_tcp_t *handle)
{
    handle->loop = loop;
    handle->type = UV_TCP;
    handle->flags = 0;
    return 0;
}

int uv_pipe_init(uv_loop_t *loop, uv_pipe_t *handle, int ipc)
{
    (void)loop;
    (void)handle;
    (void)ipc;
    fail("the listener is no pipe");
    return UV_EINVAL;
}

int uv_accept(uv_stream_t *listener, uv_stream_t *stream)
{
    (void)listener;
    line.stream = stream;
    return 0;
}

int uv_fileno(const uv_handle_t *handle, uv_os_fd_t *fd)
{
    (void)handle;
    (void)fd;
    return UV_EBADF;
}

uint64_t uv_hrtime(void)
{
    return 0;
}

int uv_tcp_nodelay(uv_tcp_t *handle, int enable)
{
    (void)handle;
    (void)enable;
    return 0;
}

int uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *length)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};

    (void)handle;
    memcpy(name, &address, sizeof(address));
    *length = sizeof(address);
    return 0;
}

int uv_read_start(uv_stream_t *stream, uv_alloc_cb allocate, uv_read_cb read)
{
    if (stream != line.stream || is_closing())
        return UV_EINVAL;
    line.allocate = allocate;
    line.read = read;
    return 0;
}

int uv_read_stop(uv_stream_t *stream)
{
    (void)stream;
    line.read = NULL;
    return 0;
}

int uv_try_write(uv_stream_t *stream, const uv_buf_t buffers[], unsigned int count)
{
    uv_buf_t copies[WRITE_MOST];
    size_t taken;

    (void)stream;
    if (count > WRITE_MOST || is_closing() || line.shut || line.shutdown != NULL)
        fail("a write that cannot be");
    if (line.writes != NULL)
        return UV_EAGAIN;
    memcpy(copies, buffers, count * sizeof(copies[0]));
    taken = take(copies, count, room());
    return taken > 0 ? (int)taken : UV_EAGAIN;
}

int uv_write(uv_write_t *request, uv_stream_t *stream, const uv_buf_t buffers[],
             unsigned int count, uv_write_cb done)
{
    struct queued *added = calloc(1, sizeof(*added));
    struct queued **end = &line.writes;

    request->handle = stream;
    if (added == NULL || count > WRITE_MOST || is_closing() || line.shut || line.shutdown != NULL)
        fail("a write that cannot be");
    added->request = request;
    added->done = done;
    added->count = count;
    memcpy(added->buffers, buffers, count * sizeof(buffers[0]));
    while (*end != NULL)
        end = &(*end)->next;
    *end = added;
    return 0;
}

size_t uv_stream_get_write_queue_size(const uv_stream_t *stream)
{
    size_t size = 0;

    (void)stream;
    for (struct queued *write = line.writes; write != NULL; write = write->next)
        size += length_of(write->buffers, write->count);
    return size;
}

int uv_shutdown(uv_shutdown_t *request, uv_stream_t *stream, uv_shutdown_cb done)
{
    (void)stream;
    if (is_closing() || line.shut || line.shutdown != NULL)
        return UV_ENOTCONN;
    line.shutdown = request;
    line.on_shutdown = done;
    return 0;
}

int uv_is_closing(const uv_handle_t *handle)
{
    return (handle->flags & FLAG_CLOSING) != 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb done)
{
    if (handle != (uv_handle_t *)line.stream || is_closing())
        fail("something is closed twice");
    handle->flags |= FLAG_CLOSING;
    line.on_closed = done;
    line.read = NULL;
}

int uv_tcp_close_reset(uv_tcp_t *handle, uv_close_cb done)
{
    if (line.shut || line.shutdown != NULL)
        return UV_EINVAL;
    line.reset = true;
    uv_close((uv_handle_t *)handle, done);
    return 0;
}

uv_buf_t uv_buf_init(char *base, unsigned int length)
{
    return (uv_buf_t){base, length};
}

int uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb callback)
{
    handle->loop = loop;
    handle->async_cb = callback;
    handle->pending = 0;
    async = handle;
    return 0;
}

int uv_async_send(uv_async_t *handle)
{
    handle->pending = 1;
    return 0;
}

int uv_mutex_init(uv_mutex_t *lock)
{
    return pthread_mutex_init(lock, NULL);
}

void uv_mutex_destroy(uv_mutex_t *lock)
{
    pthread_mutex_destroy(lock);
}

void uv_mutex_lock(uv_mutex_t *lock)
{
    pthread_mutex_lock(lock);
}

void uv_mutex_unlock(uv_mutex_t *lock)
{
    pthread_mutex_unlock(lock);
}

int uv_cond_init(uv_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}

void uv_cond_destroy(uv_cond_t *condition)
{
    pthread_cond_destroy(condition);
}

void uv_cond_signal(uv_cond_t *condition)
{
    pthread_cond_signal(condition);
}

void uv_cond_wait(uv_cond_t *condition, uv_mutex_t *lock)
{
    pthread_cond_wait(condition, lock);
}

/* ---- what no session comes to: no body is read by a thread, none is long enough for a file ---- */

int uv_cond_timedwait(uv_cond_t *condition, uv_mutex_t *lock, uint64_t timeout)
{
    (void)condition;
    (void)lock;
    (void)timeout;
    fail("nobody is there to wait for a body");
    return UV_ETIMEDOUT;
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb work, uv_after_work_cb done)
{
    (void)loop;
    (void)request;
    (void)work;
    (void)done;
    fail("no body is to be written to a file");
    return UV_ENOSYS;
}
