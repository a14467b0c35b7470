#include "serve.h"

#include "announce.h"
#include "deferred.h"
#include "errands.h"
#include "handler.h"
#include "router.h"
#include "server.h"
#include "supervisor.h"
#include "thread_pool.h"
#include "timers.h"

#include <stdio.h>

/* The app's objects live as long as the process; the collector need not look at them again. */
static void freeze_app(void)
{
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *done = gc != NULL ? PyObject_CallMethod(gc, "freeze", NULL) : NULL;

    Py_XDECREF(done);
    Py_XDECREF(gc);
    PyErr_Clear();
}

/* What the app may ask of the loop besides serving; it may have asked while it was imported. */
static int begin_services(uv_loop_t *loop)
{
    int status = deferred_begin(loop);

    timers_begin(loop);
    return status == 0 ? errands_begin(loop) : status;
}

static void end_services(void)
{
    deferred_end();
    timers_end();
    thread_pool_end();
    errands_end();
}

/* Says that it serves: to the supervisor, who tells the others, or to all. */
static void announce(const struct settings *settings, const struct post *post)
{
    if (post->channel >= 0) {
        supervisor_tell(post->channel);
        return;
    }
    announce_address(&settings->address, 1);
    privileges_warn(&post->privileges);
    announce_ready(post->ready, &settings->address);
}

static int fail(const char *what, int status)
{
    fprintf(stderr, "fapws4: %s: %s\n", what, uv_strerror(status));
    return 1;
}

static int begin(struct server *server, const struct settings *settings, const struct post *post)
{
    int status = server_init(server, settings->max_body_size);

    if (status == 0)
        status = begin_services(&server->loop);
    if (status == 0)
        status = server_listen(server, post->listener, &settings->address);
    if (status == 0 && post->channel >= 0)
        status = server_follow(server, post->channel);
    return status == 0 ? 0 : fail("cannot begin to serve", status);
}

/* The path that is answered without the app; none when the app itself has a route for it. */
static struct slice own_health(const struct settings *settings, const struct router *router)
{
    struct slice none = {NULL, 0}, path;

    if (settings->health == NULL)
        return none;
    path = slice_of(PyUnicode_AsUTF8(settings->health));
    return router_names(router, path) ? none : path;
}

static void run(struct server *server, const struct settings *settings, const struct post *post,
                const struct router *router, struct handler *handler)
{
    struct hangup certificate = {"the certificate", tls_service_reload, post->tls, NULL};

    server_set_patience(server, settings->keepalive, settings->timeout);
    server->all.shared.tls = post->tls;
    if (post->tls != NULL)
        server_on_hangup(server, &certificate);
    server->all.shared.exchange.health = own_health(settings, router);
    freeze_app();
    server_watch_signals(server);
    announce(settings, post);
    server_run(server, router, handler);
    end_services();
}

/* Opened before privileges are dropped. */
static bool keep_journal(struct server *server, const struct settings *settings,
                         const struct post *post)
{
    const char *path = post->access_log;
    struct access_log *log = NULL;

    if (path == NULL && settings->access_log != NULL)
        path = PyUnicode_AsUTF8(settings->access_log);
    if (path != NULL)
        log = access_log_open(path);
    server_keep_journal(server, log, settings->debug);
    return path == NULL || log != NULL;
}

/* Modules that are imported only when something fails are out of reach behind chroot. */
static bool drop_privileges(const struct privileges *privileges)
{
    if (privileges->folder != NULL)
        Py_XDECREF(PyImport_ImportModule("traceback"));
    PyErr_Clear();
    return privileges_drop(privileges);
}

int serve(const struct settings *settings, const struct post *post)
{
    struct router router = {0};
    struct handler *handler = NULL;
    struct server server;
    int exit_code = begin(&server, settings, post);

    if (exit_code == 0) {
        handler = handler_create(settings, &settings->address, &router);
        if (handler == NULL)
            PyErr_Print();
        exit_code = handler != NULL && keep_journal(&server, settings, post) &&
                            drop_privileges(&post->privileges)
                        ? 0
                        : 1;
    }
    if (exit_code == 0)
        run(&server, settings, post, &router, handler);
    server_finish(&server);
    handler_destroy(handler);
    router_finish(&router);
    return exit_code;
}
