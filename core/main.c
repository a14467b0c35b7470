/* fapws4: the web server with Python inside. See options.h for the command line and runtime.h for
 * where Python comes from. */
#include "deferred.h"
#include "errands.h"
#include "handler.h"
#include "init/init.h"
#include "options.h"
#include "router.h"
#include "runtime.h"
#include "server.h"
#include "settings.h"
#include "timers.h"
#include "workers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VERSION "0.1.0"

static const char usage[] =
    "usage: fapws4 app.py [--server ADDR] [--check] [words for the app]\n"
    "\n"
    "  app.py         the app: a Python file with PATHS, or with a WSGI callable\n"
    "  --server ADDR  where to listen: ip, ip:port, :port, [v6]:port or unix:/path;\n"
    "                 else FAPWS_SERVER, else SERVER in the app, else 0.0.0.0:8888\n"
    "  --check        import and validate the app, then end\n"
    "  --version      print the version, then end\n"
    "  --help         print this, then end\n"
    "  --             everything behind it is for the app\n";

/* ---- environment ---- */

static const char *nonempty_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* PID 1 gives the app another default port; what the user or the app says explicitly is never
 * changed. */
static int default_port(void)
{
    const char *text = nonempty_environment("FAPWS_DEFAULT_PORT");
    char *end;
    long port = text != NULL ? strtol(text, &end, 10) : ADDRESS_DEFAULT_PORT;

    return port > 0 && port <= 65535 ? (int)port : ADDRESS_DEFAULT_PORT;
}

/* Who started us may wait for the server on this descriptor; -1 when nobody does. The app and the
 * programs it starts must not see it. */
static int take_ready_descriptor(void)
{
    const char *text = nonempty_environment("FAPWS_READY_FD");
    char *end;
    long descriptor = text != NULL ? strtol(text, &end, 10) : -1;

    unsetenv("FAPWS_READY_FD");
    if (descriptor < 0 || fcntl((int)descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return -1;
    return (int)descriptor;
}

/* ---- serving ---- */

static void tell_ready(int descriptor, const struct address *address)
{
    if (descriptor < 0)
        return;
    if (dprintf(descriptor, "listening %s %d\n", address->host, address->port) < 0)
        perror("fapws4: FAPWS_READY_FD");
    close(descriptor);
}

static void print_address(const struct address *address)
{
    if (address->is_unix)
        fprintf(stderr, "fapws4: listening on unix:%s\n", address->host);
    else
        fprintf(stderr, "fapws4: listening on http://%s%s%s:%d/\n", address->is_v6 ? "[" : "",
                address->host, address->is_v6 ? "]" : "", address->port);
}

static int fail_to_listen(const struct address *address, int status)
{
    char text[128];

    if (address->is_unix)
        snprintf(text, sizeof(text), "unix:%s", address->host);
    else
        snprintf(text, sizeof(text), address->is_v6 ? "[%s]:%d" : "%s:%d", address->host,
                 address->port);
    if (status == UV_EADDRINUSE)
        fprintf(stderr,
                "fapws4: %s is in use by another program; choose another with --server %s\n", text,
                address->is_unix ? "unix:PATH" : "ADDR:PORT");
    else
        fprintf(stderr, "fapws4: cannot listen on %s: %s\n", text, uv_strerror(status));
    return 1;
}

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
    workers_end();
    errands_end();
}

static int serve(const struct settings *settings, int ready)
{
    struct address address = settings->address;
    struct router router = {NULL, 0};
    struct handler *handler = NULL;
    struct server server;
    int exit_code = 1;
    int status = server_init(&server, settings->max_body_size);

    if (status == 0)
        status = begin_services(&server.loop);
    if (status == 0)
        status = server_listen(&server, &address);
    if (status != 0)
        fail_to_listen(&address, status);
    else if ((handler = handler_create(settings, &address, &router)) == NULL)
        PyErr_Print();
    else {
        server_set_patience(&server, settings->keepalive, settings->timeout);
        if (settings->health != NULL)
            server.all.shared.exchange.health = slice_of(PyUnicode_AsUTF8(settings->health));
        freeze_app();
        print_address(&address);
        tell_ready(ready, &address);
        server_run(&server, &router, handler);
        end_services();
        exit_code = 0;
    }
    server_finish(&server);
    handler_destroy(handler);
    router_finish(&router);
    return exit_code;
}

/* ---- the app ---- */

static int set_arguments(const char *script, const struct options *options)
{
    PyObject *list = PyList_New(0);
    int status = list != NULL ? 0 : -1;

    for (int i = -1; i < options->word_count && status == 0; i++) {
        PyObject *word = PyUnicode_DecodeFSDefault(i < 0 ? script : options->words[i]);
        status = word != NULL ? PyList_Append(list, word) : -1;
        Py_XDECREF(word);
    }
    if (status == 0)
        status = PySys_SetObject("argv", list);
    Py_XDECREF(list);
    return status;
}

/* Shows why the app could not be imported; the exit code that it wanted (SystemExit) or 1. */
static int fail_to_import(void)
{
    PyErr_Print(); /* ends the process for a SystemExit, with its code */
    return 1;
}

static int run_app(const struct options *options, const char *script, int ready)
{
    const char *server = options->server != NULL ? options->server
                                                 : nonempty_environment("FAPWS_SERVER");
    struct settings settings;
    PyObject *app;
    int exit_code = 1;

    if (set_arguments(script, options) != 0 ||
        (app = runtime_import_app(options->app)) == NULL)
        return fail_to_import();
    memset(&settings, 0, sizeof(settings));
    if (settings_read(app, server, default_port(), &settings) == 0)
        exit_code = options->check ? 0 : serve(&settings, ready);
    settings_finish(&settings);
    Py_DECREF(app);
    return exit_code;
}

/* Python cannot be ended under a handler that is still at work on a thread; what its end does for
 * the app is done here. */
static void leave(int exit_code)
{
    PyRun_SimpleString("import atexit, sys\n"
                       "atexit._run_exitfuncs()\n"
                       "sys.stdout.flush()\n"
                       "sys.stderr.flush()\n");
    _exit(exit_code);
}

static int complain_about_options(const struct options *options)
{
    if (options->fault != NULL)
        fprintf(stderr, "fapws4: %s: %s\n", options->fault,
                strcmp(options->fault, "--server") == 0
                    ? "needs an address behind it"
                    : "is no option; --help lists them, words for the app stand behind app.py");
    else
        fputs("fapws4: no app is named; try: fapws4 app.py\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct options options;
    int exit_code, ready;

    if (init_is_wanted(argc, argv))
        return init_main(argc, argv);
    if (!options_parse(argc, argv, runtime_is_frozen(), &options))
        return complain_about_options(&options);
    if (options.help || options.version) {
        fputs(options.help ? usage : "fapws4 " VERSION "\n", stdout);
        return 0;
    }
    if (options.app == NULL && !runtime_is_frozen())
        return complain_about_options(&options);
    ready = take_ready_descriptor();
    exit_code = runtime_start(argc, argv);
    if (exit_code != 0)
        return exit_code;
    exit_code = run_app(&options, options.app != NULL ? options.app : argv[0], ready);
    if (workers_busy())
        leave(exit_code);
    return runtime_stop(exit_code);
}
