#include "server.h"

#include "threads.h"
#include "workers.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A signal handler has no argument of its own, hence the one global of the server. */
static uv_async_t *volatile stop_request;
static volatile sig_atomic_t signals_seen;

/* Not uv_signal_t: that is served by the loop, which does not turn while a handler hangs. */
static void on_signal(int number)
{
    if (signals_seen++ > 0 || stop_request == NULL)
        _exit(128 + number);
    uv_async_send(stop_request); /* async-signal-safe by its documentation */
}

static void watch_signals(uv_async_t *stop)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    stop_request = stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* ---- the loop ---- */

static void end_if_empty(struct server *server)
{
    if (server->all.count > 0)
        return;
    if (server->stop_at > 0 && !(workers_busy() && server->all.shared.seconds < server->stop_at))
        uv_stop(&server->loop);
    if (server->stop_at == 0)
        uv_timer_stop(&server->tick);
}

static void on_tick(uv_timer_t *timer)
{
    struct server *server = timer->data;

    threads_hold();
    connections_tick(&server->all);
    if (server->stop_at > 0 && server->all.shared.seconds >= server->stop_at)
        connections_close(&server->all);
    end_if_empty(server);
}

static void start_ticking(struct server *server)
{
    if (uv_is_active((uv_handle_t *)&server->tick))
        return;
    connections_tick(&server->all);
    uv_timer_start(&server->tick, on_tick, 1000, 1000);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct server *server = listener->data;

    if (status < 0) /* out of descriptors: libuv has turned the client away */
        return;
    start_ticking(server);
    connections_accept(&server->all, listener);
}

static void on_stop(uv_async_t *async)
{
    struct server *server = async->data;

    threads_hold();
    if (server->stop_at > 0)
        return;
    server->stop_at = server->all.shared.seconds + LIMIT_STOP_SECONDS;
    if (!uv_is_closing(&server->listener.handle))
        uv_close(&server->listener.handle, NULL);
    connections_stop(&server->all);
    start_ticking(server);
}

/* There is no counterpart after the sleep: libuv runs the callbacks of sockets before its check
 * handles. Each callback that may reach Python calls threads_hold itself. */
static void before_sleep(uv_prepare_t *prepare)
{
    struct server *server = prepare->data;

    if (server->stop_at > 0)
        end_if_empty(server);
    threads_let_run();
}

static void init_handles(struct server *server)
{
    server->tick.data = server->stop.data = server->prepare.data = server;
    uv_timer_init(&server->loop, &server->tick);
    uv_prepare_init(&server->loop, &server->prepare);
    uv_prepare_start(&server->prepare, before_sleep);
}

void server_set_patience(struct server *server, int keepalive, int timeout)
{
    struct shared *shared = &server->all.shared;

    if (keepalive >= 0)
        shared->patience[IDLE] = (unsigned)keepalive;
    shared->exchange.single = keepalive == 0;
    if (timeout >= 0)
        shared->patience[HEAD] = shared->patience[BODY] = shared->patience[WRITING] =
            (unsigned)timeout;
}

int server_init(struct server *server, uint64_t body_limit)
{
    static const unsigned patience[HELD] = {LIMIT_IDLE_SECONDS, LIMIT_HEAD_SECONDS,
                                            LIMIT_BODY_SECONDS, LIMIT_WRITE_SECONDS,
                                            LIMIT_LINGER_SECONDS};
    int status;

    memset(server, 0, sizeof(*server));
    status = uv_loop_init(&server->loop);
    if (status != 0)
        return status;
    server->initialized = true;
    status = uv_async_init(&server->loop, &server->stop, on_stop);
    if (status != 0)
        return status;
    init_handles(server);
    server->all.shared.exchange.body_limit = body_limit;
    memcpy(server->all.shared.patience, patience, sizeof(patience));
    server->all.shared.read_buffer = malloc(LIMIT_READ);
    return server->all.shared.read_buffer == NULL ? UV_ENOMEM : 0;
}

/* ---- listening ---- */

static int bind_tcp(struct server *server, struct address *address)
{
    struct sockaddr_storage storage;
    struct sockaddr *socket_address = (struct sockaddr *)&storage;
    int status;

    if (address->is_v6)
        status = uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *)&storage);
    else
        status = uv_ip4_addr(address->host, address->port, (struct sockaddr_in *)&storage);
    if (status == 0)
        status = uv_tcp_init(&server->loop, &server->listener.tcp);
    if (status == 0)
        status = uv_tcp_bind(&server->listener.tcp, socket_address, 0);
    return status;
}

/* A socket file that nobody listens on is left over from a crash. */
static void remove_stale_socket(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED)
        unlink(path);
    close(fd);
}

static int bind_unix(struct server *server, const struct address *address)
{
    int status = uv_pipe_init(&server->loop, &server->listener.pipe, 0);

    if (status != 0)
        return status;
    remove_stale_socket(address->host);
    return uv_pipe_bind(&server->listener.pipe, address->host);
}

static int read_real_port(struct server *server, struct address *address)
{
    struct sockaddr_storage storage;
    int length = sizeof(storage);
    int status = uv_tcp_getsockname(&server->listener.tcp, (struct sockaddr *)&storage, &length);

    if (status != 0)
        return status;
    if (address->is_v6)
        address->port = ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    else
        address->port = ntohs(((struct sockaddr_in *)&storage)->sin_port);
    return 0;
}

int server_listen(struct server *server, struct address *address)
{
    int status = address->is_unix ? bind_unix(server, address) : bind_tcp(server, address);

    server->listener.handle.data = server;
    if (status == 0)
        status = uv_listen(&server->listener.stream, LIMIT_BACKLOG, on_connection);
    if (status == 0 && !address->is_unix)
        status = read_real_port(server, address);
    return status;
}

void server_run(struct server *server, const struct router *router, struct handler *handler)
{
    server->all.shared.exchange.router = router;
    server->all.shared.exchange.handler = handler;
    watch_signals(&server->stop);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    threads_hold();
}

static void close_handle(uv_handle_t *handle, void *ignored)
{
    (void)ignored;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void server_finish(struct server *server)
{
    if (!server->initialized)
        return;
    stop_request = NULL;
    connections_close(&server->all);
    uv_prepare_stop(&server->prepare);
    uv_walk(&server->loop, close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    exchange_finish(&server->all.shared.exchange);
    free(server->all.shared.read_buffer);
    memset(server, 0, sizeof(*server));
}
