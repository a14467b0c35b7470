/* The limit: libuv and picohttpparser answering every request with a constant. No application, no
 * environ, no routes: what a server must do at least. Keep-alive, pipelining (one write for all
 * answers of a read), bodies that are skipped, and a new connection per request.
 *
 * Usage: bare [FILE]. With a file, its content is the answer. Listens on a free port of 127.0.0.1
 * and says which on the descriptor FAPWS_READY_FD, as fapws4 does. */
#include <picohttpparser.h>
#include <uv.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADERS 64
#define INPUT_SIZE 65536
#define BATCH_SIZE 65536 /* answers that one write may carry */

struct connection {
    uv_tcp_t tcp;
    char *kept; /* the beginning of a request whose end has not come yet */
    size_t kept_size;
    size_t skip; /* bytes of a body that are still to come */
    bool closing;
};

struct reply {
    uv_write_t request;
    uv_buf_t rest;
};

static char input[INPUT_SIZE];
static char batch[BATCH_SIZE];
static char *answer;
static size_t answer_size;

static void fail(const char *what, int status)
{
    fprintf(stderr, "bare: %s: %s\n", what, uv_strerror(status));
    exit(1);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    free(connection->kept);
    free(connection);
}

static void close_connection(struct connection *connection)
{
    if (!uv_is_closing((uv_handle_t *)&connection->tcp))
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    struct reply *reply = (struct reply *)request;
    struct connection *connection = request->handle->data;

    free(reply->rest.base);
    free(reply);
    if (status < 0 || connection->closing)
        close_connection(connection);
}

/* Sends what the socket takes now; the rest is copied and sent when there is room. */
static void send_bytes(struct connection *connection, char *bytes, size_t size)
{
    uv_buf_t buffer = uv_buf_init(bytes, (unsigned)size);
    int sent = uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1);
    struct reply *reply;

    if (sent == (int)size)
        return;
    sent = sent < 0 ? 0 : sent;
    reply = malloc(sizeof(*reply));
    if (reply == NULL)
        abort();
    reply->rest = uv_buf_init(malloc(size - (size_t)sent), (unsigned)(size - (size_t)sent));
    if (reply->rest.base == NULL)
        abort();
    memcpy(reply->rest.base, bytes + sent, size - (size_t)sent);
    uv_write(&reply->request, (uv_stream_t *)&connection->tcp, &reply->rest, 1, on_written);
}

static bool is(const struct phr_header *header, const char *name, size_t size)
{
    return header->name_len == size && strncasecmp(header->name, name, size) == 0;
}

/* Reads one head; its size, 0 when it is not whole, -1 when it is none. */
static int read_head(struct connection *connection, const char *bytes, size_t size)
{
    struct phr_header headers[MAX_HEADERS];
    size_t count = MAX_HEADERS, method_size, path_size;
    const char *method, *path;
    int version;
    int head = phr_parse_request(bytes, size, &method, &method_size, &path, &path_size, &version,
                                 headers, &count, 0);

    if (head < 0)
        return head == -2 ? 0 : -1;
    for (size_t i = 0; i < count; i++) {
        if (is(&headers[i], "Content-Length", 14))
            connection->skip = strtoul(headers[i].value, NULL, 10);
        else if (is(&headers[i], "Connection", 10) && headers[i].value_len == 5)
            connection->closing = true;
    }
    return head;
}

/* Answers every whole request of these bytes with as few writes as may be; what is left over. */
static size_t serve(struct connection *connection, const char *bytes, size_t size)
{
    size_t taken = 0, filled = 0;

    while (taken < size && !connection->closing) {
        size_t skipped = connection->skip < size - taken ? connection->skip : size - taken;
        int head;

        taken += skipped;
        connection->skip -= skipped;
        if (taken == size)
            break;
        head = read_head(connection, bytes + taken, size - taken);
        if (head == 0)
            break;
        if (head < 0) {
            connection->closing = true;
            break;
        }
        taken += (size_t)head;
        if (answer_size > BATCH_SIZE) {
            send_bytes(connection, answer, answer_size);
            continue;
        }
        if (filled + answer_size > BATCH_SIZE) {
            send_bytes(connection, batch, filled);
            filled = 0;
        }
        memcpy(batch + filled, answer, answer_size);
        filled += answer_size;
    }
    if (filled > 0)
        send_bytes(connection, batch, filled);
    return size - taken;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;

    (void)suggested;
    if (connection->kept_size > 0)
        memcpy(input, connection->kept, connection->kept_size);
    *buffer = uv_buf_init(input + connection->kept_size, INPUT_SIZE - connection->kept_size);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    size_t size = connection->kept_size + (size_t)(got > 0 ? got : 0);
    size_t left;

    (void)buffer;
    if (got == 0)
        return;
    if (got < 0) {
        close_connection(connection);
        return;
    }
    left = serve(connection, input, size);
    connection->kept_size = 0;
    if (left > 0 && left < INPUT_SIZE) {
        char *kept = realloc(connection->kept, left);

        if (kept == NULL)
            abort();
        connection->kept = memcpy(kept, input + size - left, left);
        connection->kept_size = left;
    }
    if (connection->closing && uv_stream_get_write_queue_size(stream) == 0)
        close_connection(connection);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL || status < 0)
        abort();
    uv_tcp_init(listener->loop, &connection->tcp);
    connection->tcp.data = connection;
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0) {
        close_connection(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_read);
}

/* The constant: a head as fapws4 sends it, and the body. */
static void make_answer(const char *path)
{
    static char hello[] = "Hello World!!";
    FILE *file = path != NULL ? fopen(path, "rb") : fmemopen(hello, sizeof(hello) - 1, "rb");
    long size = -1;
    int head;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        fail("reading the answer", UV_EIO);
    answer = malloc((size_t)size + 256);
    if (answer == NULL)
        abort();
    head = snprintf(answer, 256,
                    "HTTP/1.1 200 OK\r\nServer: bare\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                    "Content-Type: text/plain\r\nContent-Length: %ld\r\n\r\n",
                    size);
    if (fread(answer + head, 1, (size_t)size, file) != (size_t)size)
        fail("reading the answer", UV_EIO);
    answer_size = (size_t)(head + size);
    fclose(file);
}

static void tell_port(const uv_tcp_t *listener)
{
    struct sockaddr_in address;
    int size = sizeof(address);
    const char *descriptor = getenv("FAPWS_READY_FD");
    FILE *ready = descriptor != NULL ? fdopen((int)strtol(descriptor, NULL, 10), "w") : stderr;

    uv_tcp_getsockname(listener, (struct sockaddr *)&address, &size);
    if (ready == NULL || fprintf(ready, "listening 127.0.0.1 %d\n", ntohs(address.sin_port)) < 0)
        fail("FAPWS_READY_FD", UV_EBADF);
    if (ready != stderr)
        fclose(ready);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in address;
    uv_tcp_t listener;
    int status;

    signal(SIGPIPE, SIG_IGN); /* a client that goes shows in the write */
    make_answer(argc > 1 ? argv[1] : NULL);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &listener);
    status = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    if (status != 0)
        fail("listening", status);
    tell_port(&listener);
    return uv_run(loop, UV_RUN_DEFAULT);
}
