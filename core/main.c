/* fapws4: the web server with Python inside. See options.h for the command line and runtime.h for
 * where Python comes from. */
#include "activation.h"
#include "announce.h"
#include "face.h"
#include "handover.h"
#include "listening.h"
#include "options.h"
#include "runtime.h"
#include "serve.h"
#include "supervisor.h"
#include "thread_pool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "0.1.0"

static const char usage[] =
    "usage: fapws4 app.py [options] [words for the app]\n"
    "       fapws4 -m package[.module] [options] [words for the app]\n"
    "\n"
    "  app.py         the app: a Python file with PATHS, or with a WSGI callable\n"
    "  -m MODULE      the app is this module or package, found as by python -m\n"
    "  --server ADDR  where to listen: ip, ip:port, :port, [v6]:port or unix:/path;\n"
    "                 else FAPWS_SERVER, else SERVER in the app, else 0.0.0.0:8888\n"
    "  --cert FILE --key FILE\n"
    "                 serve https with this certificate (its chain behind it) and its key, both\n"
    "                 PEM; else TLS in the app. On SIGHUP they are read again\n"
    "  --workers N    that many processes serve; else WORKERS in the app, else 1.\n"
    "                 One that ends is replaced. On SIGHUP new ones import the app's new\n"
    "                 code, and the old ones go when the new ones serve\n"
    "  --reload       for developing: one worker, replaced whenever a file of the app changes\n"
    "  --user NAME[:GROUP]\n"
    "                 started as root: become this user before serving\n"
    "  --chroot DIR   ... and before that, make DIR the root of the file system;\n"
    "                 what the app imports or opens later must be in it\n"
    "  --umask OCTAL  which permissions new files, and a unix socket, do not get\n"
    "  --access-log FILE\n"
    "                 one line for each request, in Combined Log Format; - is stdout.\n"
    "                 Else ACCESS_LOG in the app, else none. Opened anew on SIGHUP\n"
    "  --import-time  print on stderr what each import took, as python -X importtime does:\n"
    "                 microseconds of its own, those with what it imports, and its name\n"
    "  --check        import and validate the app, then end\n"
    "  --version      print the version, then end\n"
    "  --help         print this, then end\n"
    "  --             everything behind it is for the app\n"
    "\n"
    "SIGTERM and SIGINT end it when what is under way is answered, a second one at once.\n"
    "SIGUSR1 prints requests, times and bytes of each route since the last one; without\n"
    "DEBUG in the app, the first begins to count.\n";

/* ---- environment ---- */

static const char *nonempty_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* PID 1 gives the app another default; what the user or the app says explicitly is never changed. */
static struct address default_address(void)
{
    const char *text = nonempty_environment("FAPWS_DEFAULT_SERVER");
    struct address address;

    return text != NULL && address_parse(text, &address_default, &address) ? address
                                                                           : address_default;
}

/* A descriptor from who started us, -1 when there is none: where it waits for the server
 * (FAPWS_READY_FD), or what holds the device's certificate with its key (FAPWS_TLS_FD). The app and
 * the programs it starts must not see it. */
static int take_descriptor(const char *name)
{
    const char *text = nonempty_environment(name);
    char *end;
    long descriptor = text != NULL ? strtol(text, &end, 10) : -1;

    unsetenv(name);
    if (descriptor < 0 || fcntl((int)descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return -1;
    return (int)descriptor;
}

/* ---- the app ---- */

static int set_arguments(const char *first, const struct options *options)
{
    PyObject *list = PyList_New(0);
    int status = list != NULL ? 0 : -1;

    for (int i = -1; i < options->word_count && status == 0; i++) {
        PyObject *word = PyUnicode_DecodeFSDefault(i < 0 ? first : options->words[i]);
        status = word != NULL ? PyList_Append(list, word) : -1;
        Py_XDECREF(word);
    }
    if (status == 0)
        status = PySys_SetObject("argv", list);
    Py_XDECREF(list);
    return status;
}

static PyObject *import_app(const struct options *options, const char *program)
{
    const char *first = options->app != NULL ? options->app : program;

    if (options->module != NULL)
        first = "-m"; /* as python -m does, until the module's file is known */
    if (set_arguments(first, options) != 0)
        return NULL;
    if (strcmp(program, FACE_RECOVERY) == 0)
        return runtime_import_module(FACE_RECOVERY_MODULE);
    return options->module != NULL ? runtime_import_module(options->module)
                                   : runtime_import_app(options->app);
}

/* Shows why the app could not be imported; the exit code that it wanted (SystemExit) or 1. */
static int fail_to_import(void)
{
    PyErr_Print(); /* ends the process for a SystemExit, with its code */
    return 1;
}

/* What Python does at its end for the app, where it cannot be ended: under a handler that is still at
 * work on a thread, or before the process becomes the supervisor. */
static void end_app(void)
{
    PyRun_SimpleString("import atexit, sys\n"
                       "atexit._run_exitfuncs()\n"
                       "sys.stdout.flush()\n"
                       "sys.stderr.flush()\n");
}

/* Lets the app know when one of its files changes; see fapws4/reloader.py. */
static int watch_files(void)
{
    PyObject *reloader = PyImport_ImportModule("fapws4.reloader");
    PyObject *done = reloader != NULL ? PyObject_CallMethod(reloader, "watch", NULL) : NULL;

    Py_XDECREF(reloader);
    Py_XDECREF(done);
    return done != NULL ? 0 : fail_to_import();
}

/* The socket that was handed over, or one of its own. */
static bool open_listener(struct settings *settings, struct post *post)
{
    if (post->activated >= 0) {
        post->listener = post->activated;
        if (listening_read(post->listener, &settings->address))
            return settings_allow(settings, &settings->address);
        fputs("fapws4: descriptor 3 (LISTEN_FDS): must be a listening TCP socket\n", stderr);
        return false;
    }
    post->listener = listening_open(&settings->address);
    if (post->listener < 0)
        announce_failure(&settings->address, -post->listener);
    return post->listener >= 0;
}

/* The first process: it serves alone, or becomes the supervisor of those that will. */
static int serve_first(struct settings *settings, struct post *post, bool reload)
{
    const int kept[] = {post->ready, post->certificate};
    int exit_code = 1;

    if (!open_listener(settings, post))
        return 1;
    if (settings->asks_device && !settings->on_device)
        fputs("fapws4: TLS = \"device\": there is no device here: plain http, for this machine only\n",
              stderr);
    if (reload || settings->workers > 1) {
        struct handover handover = {post->listener, reload ? 1 : settings->workers,
                                    settings->address};
        end_app();
        privileges_warn(&post->privileges);
        handover_give(&handover, kept);
    } else {
        exit_code = serve(settings, post);
    }
    if (exit_code != 0 && post->activated < 0)
        listening_remove(&settings->address);
    return exit_code;
}

/* A worker: where it serves was settled by the first process. */
static int serve_worker(struct settings *settings, struct post *post, const struct handover *given,
                        bool reload)
{
    settings->address = given->address;
    settings->workers = given->workers;
    if (reload && watch_files() != 0)
        return 1;
    return serve(settings, post);
}

/* Keys are read before privileges are dropped, and before anything is bound. */
static bool open_tls(const struct settings *settings, struct tls_service *tls, struct post *post)
{
    const struct tls_source source = {settings->certificate, settings->key, post->certificate};

    if (!settings->address.is_secure)
        return true;
    post->tls = tls;
    return tls_service_init(tls, &source);
}

/* `given` is set in a worker. */
static int run_app(const struct options *options, const char *program, struct post *post,
                   const struct handover *given)
{
    const char *server = options->server != NULL ? options->server
                                                 : nonempty_environment("FAPWS_SERVER");
    PyObject *app = import_app(options, program);
    struct address defaults = default_address();
    struct tls_service tls;
    struct settings settings;
    int exit_code = 1;

    if (app == NULL)
        return fail_to_import();
    memset(&tls, 0, sizeof(tls));
    memset(&settings, 0, sizeof(settings));
    settings.certificate = options->certificate;
    settings.key = options->key;
    settings.on_device = post->certificate >= 0;
    if (settings_read(app, server, &defaults, &settings) == 0 &&
        open_tls(&settings, &tls, post)) {
        if (options->workers > 0)
            settings.workers = options->workers;
        if (options->check)
            exit_code = 0;
        else if (given != NULL)
            exit_code = serve_worker(&settings, post, given, options->reload);
        else
            exit_code = serve_first(&settings, post, options->reload);
    }
    tls_service_finish(&tls);
    settings_finish(&settings);
    Py_DECREF(app);
    return exit_code;
}

static int run(const struct options *options, int argc, char **argv, struct post *post,
               const struct handover *given)
{
    int exit_code;

    if (!privileges_find(options->user, options->chroot, &post->privileges))
        return 1;
    exit_code = runtime_start(argc, argv, options->import_time);
    if (exit_code != 0)
        return exit_code;
    exit_code = run_app(options, argv[0], post, given);
    if (!thread_pool_busy())
        return runtime_stop(exit_code);
    end_app();
    _exit(exit_code);
}

static int complain_about_options(const struct options *options)
{
    if (options->fault != NULL)
        fprintf(stderr, "fapws4: %s: %s\n", options->fault, options->why);
    else
        fputs("fapws4: no app is named; try: fapws4 app.py\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct post post = {.listener = -1, .activated = -1, .channel = -1};
    struct handover handover;
    struct options options;
    int exit_code;

    exit_code = runtime_interpret(argc, argv);
    if (exit_code >= 0)
        return exit_code;
    if (!handover_prepare(argv)) {
        fputs("fapws4: memory is out\n", stderr);
        return 1;
    }
    if (!options_parse(argc, argv, runtime_is_frozen(), &options))
        return complain_about_options(&options);
    if (options.help || options.version) {
        fputs(options.help ? usage : "fapws4 " VERSION "\n", stdout);
        return 0;
    }
    if (options.app == NULL && options.module == NULL && !runtime_is_frozen())
        return complain_about_options(&options);
    if (options.umask >= 0)
        umask((mode_t)options.umask);
    post.ready = take_descriptor("FAPWS_READY_FD");
    post.certificate = take_descriptor("FAPWS_TLS_FD");
    post.access_log = options.access_log;
    post.activated = activation_take();
    if (!handover_take(&handover))
        return run(&options, argc, argv, &post, NULL);
    post.channel = supervise(&handover, post.ready, options.reload); /* only workers come back */
    post.listener = handover.listener;
    post.ready = -1;
    return run(&options, argc, argv, &post, &handover);
}
