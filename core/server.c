#include "server.h"

#include "herd.h"
#include "listening.h"
#include "process_signals.h"
#include "thread_pool.h"
#include "threads.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* ---- SIGHUP ---- */

void server_on_hangup(struct server *server, struct hangup *hangup)
{
    struct hangup **end = &server->hangups;

    while (*end != NULL)
        end = &(*end)->next;
    hangup->next = NULL;
    *end = hangup;
}

static void on_hangup(uv_async_t *async)
{
    struct server *server = async->data;
    char done[256] = "";
    size_t length = 0;

    threads_hold();
    for (struct hangup *each = server->hangups; each != NULL; each = each->next) {
        if (each->reload(each->context) && length < sizeof(done))
            length += (size_t)snprintf(done + length, sizeof(done) - length, "%s%s",
                                       length > 0 ? ", " : "", each->what);
    }
    fprintf(stderr, "fapws4: SIGHUP: read anew: %s; the app's code would be with --workers\n",
            done[0] != '\0' ? done : "nothing");
}

/* ---- the journal ---- */

static void begin_profile(struct server *server)
{
    struct exchange *x = &server->all.shared.exchange;

    server->journal.profile = profile_create(x->router);
    if (server->journal.profile != NULL)
        x->journal = &server->journal;
}

/* SIGUSR1: the table of what was counted since the last; without DEBUG the first only begins. */
static void on_profile(uv_async_t *async)
{
    struct server *server = async->data;

    if (server->journal.profile != NULL) {
        profile_print(server->journal.profile);
        return;
    }
    begin_profile(server);
    fputs("fapws4: SIGUSR1: requests are counted from now on; the next one shows them\n", stderr);
}

static bool reopen_log(void *context)
{
    struct server *server = context;

    return access_log_reopen(server->journal.access_log);
}

static void begin_journal(struct server *server)
{
    struct exchange *x = &server->all.shared.exchange;

    server->journal.router = x->router;
    if (server->journal.traces > 0)
        begin_profile(server);
    if (server->journal.access_log != NULL || server->journal.traces > 0)
        x->journal = &server->journal;
}

void server_keep_journal(struct server *server, struct access_log *log, int debug)
{
    server->journal.access_log = log;
    server->journal.traces = debug;
    server->log_again = (struct hangup){"the access log", reopen_log, server, NULL};
    if (log != NULL)
        server_on_hangup(server, &server->log_again);
}

/* ---- the loop ---- */

static bool is_listening(const struct server *server)
{
    return !uv_is_closing(&server->listener.handle);
}

static void end_if_empty(struct server *server)
{
    if (server->all.count > 0)
        return;
    if (server->stop_at == 0)
        uv_timer_stop(&server->tick);
    else if (!is_listening(server) &&
             !(thread_pool_busy() && server->all.shared.seconds <= server->stop_at))
        uv_stop(&server->loop);
}

static int descriptor_of(const void *handle)
{
    uv_os_fd_t fd;

    return uv_fileno(handle, &fd) == 0 ? fd : -1;
}

/* A stopping server serves the clients that wait to be accepted, but not for ever. The supervisor
 * is told when this is over. */
static void stop_listening(struct server *server, bool at_once)
{
    struct pollfd waiting = {descriptor_of(&server->listener), POLLIN, 0};

    if (!is_listening(server) || (!at_once && poll(&waiting, 1, 0) > 0))
        return;
    uv_close(&server->listener.handle, NULL);
    if (server->follows)
        shutdown(descriptor_of(&server->channel), SHUT_WR);
}

static void end_idle(struct server *server)
{
    server->idle_at = 0;
    connections_end_idle(&server->all);
}

static void on_tick(uv_timer_t *timer)
{
    struct server *server = timer->data;

    threads_hold();
    connections_tick(&server->all);
    if (server->idle_at > 0 && server->all.shared.seconds >= server->idle_at)
        end_idle(server);
    if (server->stop_at > 0)
        stop_listening(server, true);
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
    if (server->follows && server->stop_at == 0)
        herd_join(&server->loop, descriptor_of(listener));
    if (server->stop_at > 0 && server->idle_at == 0)
        server->idle_at = server->all.shared.seconds + 1;
    connections_accept(&server->all, listener);
}

/* Soon takes nobody new, and answers what is under way. `patient`: connections without a request are not
 * closed at once. */
static void begin_stop(struct server *server, bool patient)
{
    bool first = server->stop_at == 0;

    threads_hold();
    if (first) {
        server->stop_at = server->all.shared.seconds + LIMIT_STOP_SECONDS;
        server->idle_at = server->all.shared.seconds + LIMIT_FAREWELL_SECONDS;
        if (server->follows)
            herd_leave(&server->loop, descriptor_of(&server->listener));
        else /* before another server could put its own in this place */
            listening_remove(server->address);
        connections_stop(&server->all);
        start_ticking(server);
    }
    if (!patient && server->idle_at > 0)
        end_idle(server);
}

static void on_stop(uv_async_t *async)
{
    begin_stop(async->data, false);
}

/* The channel has no bytes: it has an end, when the supervisor closes it or is no more. */
static void on_channel(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    begin_stop(poll->data, true);
}

/* There is no counterpart after the sleep: libuv runs the callbacks of sockets before its check
 * handles. Each callback that may reach Python calls threads_hold itself. */
static void before_sleep(uv_prepare_t *prepare)
{
    struct server *server = prepare->data;

    if (server->stop_at > 0) {
        stop_listening(server, false);
        end_if_empty(server);
    }
    if (server->journal.access_log != NULL)
        access_log_write(server->journal.access_log);
    threads_let_run();
}

static void init_handles(struct server *server)
{
    server->tick.data = server->stop.data = server->hangup.data = server->prepare.data = server;
    server->profile.data = server;
    uv_timer_init(&server->loop, &server->tick);
    uv_prepare_init(&server->loop, &server->prepare);
    uv_prepare_start(&server->prepare, before_sleep);
}

void server_set_patience(struct server *server, int keepalive, int timeout)
{
    struct shared *shared = &server->all.shared;
    uv_os_fd_t listener;

    if (keepalive >= 0)
        shared->patience[IDLE] = (unsigned)keepalive;
    shared->exchange.single = keepalive == 0;
    if (timeout >= 0)
        shared->patience[OPENING] = shared->patience[HEAD] = shared->patience[BODY] =
            shared->patience[WRITING] = (unsigned)timeout;
    shared->exchange.body_seconds = shared->patience[BODY];
    if (uv_fileno(&server->listener.handle, &listener) == 0)
        listening_give_up_after(listener, shared->patience[WRITING]);
}

int server_init(struct server *server, uint64_t body_limit)
{
    static const unsigned patience[HELD] = {LIMIT_IDLE_SECONDS, LIMIT_HEAD_SECONDS,
                                            LIMIT_HEAD_SECONDS, LIMIT_BODY_SECONDS,
                                            LIMIT_WRITE_SECONDS, LIMIT_LINGER_SECONDS};
    int status;

    memset(server, 0, sizeof(*server));
    status = uv_loop_init(&server->loop);
    if (status != 0)
        return status;
    server->initialized = true;
    status = uv_async_init(&server->loop, &server->stop, on_stop);
    if (status == 0)
        status = uv_async_init(&server->loop, &server->hangup, on_hangup);
    if (status == 0)
        status = uv_async_init(&server->loop, &server->profile, on_profile);
    if (status != 0)
        return status;
    init_handles(server);
    server->all.shared.exchange.loop = &server->loop;
    server->all.shared.exchange.body_limit = body_limit;
    server->all.shared.exchange.body_seconds = LIMIT_BODY_SECONDS;
    memcpy(server->all.shared.patience, patience, sizeof(patience));
    server->all.shared.read_buffer = malloc(LIMIT_READ);
    return server->all.shared.read_buffer == NULL ? UV_ENOMEM : 0;
}

/* ---- listening ---- */

int server_listen(struct server *server, int listener, const struct address *address)
{
    int status;

    server->address = address;
    if (address->is_unix) {
        status = uv_pipe_init(&server->loop, &server->listener.pipe, 0);
        if (status == 0)
            status = uv_pipe_open(&server->listener.pipe, listener);
    } else {
        status = uv_tcp_init(&server->loop, &server->listener.tcp);
        if (status == 0)
            status = uv_tcp_open(&server->listener.tcp, listener);
    }
    server->listener.handle.data = server;
    return status == 0 ? uv_listen(&server->listener.stream, LIMIT_BACKLOG, on_connection) : status;
}

int server_follow(struct server *server, int channel)
{
    int status = uv_poll_init(&server->loop, &server->channel, channel);

    server->channel.data = server;
    server->follows = status == 0;
    return status == 0 ? uv_poll_start(&server->channel, UV_READABLE, on_channel) : status;
}

void server_watch_signals(struct server *server)
{
    process_signals_hear(&server->stop, server->follows ? NULL : &server->hangup,
                         &server->profile);
}

void server_run(struct server *server, const struct router *router, struct handler *handler)
{
    server->all.shared.exchange.router = router;
    server->all.shared.exchange.handler = handler;
    begin_journal(server);
    if (server->follows) {
        uv_run(&server->loop, UV_RUN_NOWAIT);
        herd_join(&server->loop, descriptor_of(&server->listener));
    }
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
    process_signals_forget();
    connections_close(&server->all);
    uv_prepare_stop(&server->prepare);
    uv_walk(&server->loop, close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    exchange_finish(&server->all.shared.exchange);
    access_log_close(server->journal.access_log);
    profile_destroy(server->journal.profile);
    free(server->all.shared.read_buffer);
    memset(server, 0, sizeof(*server));
}
