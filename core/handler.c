#include "handler.h"

#include "answer.h"
#include "cached_file.h"
#include "environ.h"
#include "head_cache.h"
#include "loan.h"
#include "prototypes.h"
#include "routes.h"
#include "settings.h"
#include "stream.h"
#include "threaded.h"

#include <stdlib.h>

/* Where the second argument of a call comes from. */
struct starter {
    PyTypeObject *type;
    struct start_response *start_response; /* used again unless the app has kept it */
    bool strict;                           /* PEP 3333 to the letter */
};

struct handler {
    struct routes routes;
    PyObject *environ_type;     /* the app's own Environ, or NULL */
    struct starter starters[2]; /* for PATHS handlers, and for WSGI applications */
    struct answer answer;       /* what the last response lies in */
};

/* ---- creation ---- */

static struct start_response *create_start_response(const struct starter *starter)
{
    PyObject *object = PyObject_CallNoArgs((PyObject *)starter->type);

    if (object != NULL && !PyObject_TypeCheck(object, &start_response_type)) {
        PyErr_SetString(PyExc_TypeError, "Start_response() did not give an instance of itself");
        Py_CLEAR(object);
    }
    if (object != NULL)
        ((struct start_response *)object)->strict = starter->strict;
    return (struct start_response *)object;
}

static int starter_init(struct starter *starter, PyObject *type, bool strict)
{
    starter->type = (PyTypeObject *)Py_NewRef(type);
    starter->strict = strict;
    starter->start_response = create_start_response(starter);
    return starter->start_response != NULL ? 0 : -1;
}

static void starter_finish(struct starter *starter)
{
    Py_XDECREF((PyObject *)starter->type);
    Py_XDECREF((PyObject *)starter->start_response);
}

struct handler *handler_create(const struct settings *settings, const struct address *server,
                               struct router *router)
{
    struct handler *handler = calloc(1, sizeof(*handler));

    if (handler == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    loan_init();
    handler->answer.shows_tracebacks = settings->debug > 0;
    handler->environ_type = Py_XNewRef(settings->environ);
    if (environ_init(settings->workers > 1, settings->address.is_secure) == 0 &&
        reply_init() == 0 &&
        routes_init(&handler->routes, settings, server, router) == 0 &&
        starter_init(&handler->starters[0], settings->start_response, false) == 0 &&
        starter_init(&handler->starters[1], (PyObject *)&start_response_type, true) == 0)
        return handler;
    handler_destroy(handler);
    return NULL;
}

void handler_destroy(struct handler *handler)
{
    if (handler == NULL)
        return;
    routes_finish(&handler->routes);
    Py_XDECREF(handler->environ_type);
    starter_finish(&handler->starters[0]);
    starter_finish(&handler->starters[1]);
    answer_finish(&handler->answer);
    reply_finish();
    prototypes_finish();
    visitors_finish();
    loan_finish();
    environ_finish();
    head_cache_finish();
    free(handler);
}

/* ---- arguments of the call ---- */

static PyObject *call_hook(PyObject *env, const char *hook, PyObject *part)
{
    PyObject *done = part != NULL ? PyObject_CallMethod(env, hook, "O", part) : NULL;

    Py_XDECREF(part);
    return done;
}

/* An Environ of the app's own is filled through its three hooks, each with a dict of its part. */
static PyObject *create_own_environ(const struct handler *handler, const struct route *route,
                                    const struct request *request, const struct visitor *visitor)
{
    PyObject *env = PyObject_CallNoArgs(handler->environ_type);
    PyObject *base = PyDict_Copy(route->template), *uri = PyDict_New(), *headers = PyDict_New();
    PyObject *done[3] = {NULL, NULL, NULL};

    if (env != NULL && base != NULL && uri != NULL && headers != NULL &&
        environ_set_method(base, request->method) == 0 &&
        environ_set_visitor(base, visitor, false) == 0 &&
        environ_set_request(base, request, false) == 0 &&
        environ_set_path(uri, route_path(route, request)) == 0 &&
        environ_set_uri(uri, request, false) == 0 &&
        environ_set_headers(headers, request, false) == 0) {
        done[0] = call_hook(env, "update_from_request", Py_NewRef(base));
        done[1] = done[0] != NULL ? call_hook(env, "update_uri", Py_NewRef(uri)) : NULL;
        done[2] = done[1] != NULL ? call_hook(env, "update_headers", Py_NewRef(headers)) : NULL;
    }
    if (done[2] == NULL)
        Py_CLEAR(env);
    Py_XDECREF(base);
    Py_XDECREF(uri);
    Py_XDECREF(headers);
    for (int i = 0; i < 3; i++)
        Py_XDECREF(done[i]);
    return env;
}

static int create_environ(const struct handler *handler, struct route *route,
                          const struct request *request, const struct visitor *visitor,
                          struct loan *loan)
{
    if (handler->environ_type == NULL || route->strict)
        return loan_begin(loan, route, request, visitor);
    loan->environ = create_own_environ(handler, route, request, visitor);
    return loan->environ != NULL ? 0 : -1;
}

/* True for a subclass whose instances could carry attributes from one request to the next. */
static bool has_own_state(const PyTypeObject *type)
{
    return type->tp_dictoffset != 0 || type->tp_basicsize != start_response_type.tp_basicsize;
}

/* The shared start_response when nobody else holds it, else a new one. */
static struct start_response *take_start_response(struct starter *starter)
{
    PyObject *shared = (PyObject *)starter->start_response;

    if (Py_REFCNT(shared) == 1 && !has_own_state(starter->type)) {
        start_response_reset(starter->start_response);
        return starter->start_response;
    }
    shared = (PyObject *)create_start_response(starter);
    if (shared != NULL)
        Py_SETREF(starter->start_response, (struct start_response *)shared);
    return (struct start_response *)shared;
}

/* ---- the call ---- */

bool handler_streams(const struct handler *handler, int route, uint64_t *limit)
{
    *limit = handler->routes.items[route].body_limit;
    return handler->routes.items[route].streaming;
}

/* Leaves the call to a thread. 0, or -1 with an error set. */
static int call_later(const struct route *route, PyObject *env, struct start_response *start,
                      struct subject *subject, struct response *response, struct reply **reply)
{
    PyObject *what = subject_text(subject);
    struct job *job = what != NULL ? job_create(route->callable, env, start, what) : NULL;

    if (job != NULL)
        *reply = reply_of_job(job);
    response->later = *reply != NULL;
    return response->later ? 0 : -1;
}

static int call_now(struct handler *handler, const struct route *route, PyObject *env,
                    struct start_response *start, struct subject *subject,
                    struct response *response, struct reply **reply)
{
    PyObject *args[3] = {NULL, env, (PyObject *)start};
    PyObject *result = PyObject_Vectorcall(route->callable, args + 1,
                                           2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);

    if (result == NULL ||
        answer_with(&handler->answer, start, result, subject, response, reply) != 0)
        return -1;
    if (route->cached && response->status == 200)
        cached_file_offer(handler->answer.held, &response->offer);
    return 0;
}

void handler_call(struct handler *handler, int route_number, const struct request *request,
                  const struct peer *peer, struct response *response, struct reply **reply)
{
    struct route *route = &handler->routes.items[route_number];
    struct start_response *start = take_start_response(&handler->starters[route->strict]);
    struct subject subject = {request, visitor_find(peer), NULL};
    struct loan loan = {0};
    int status = -1;

    if (subject.visitor != NULL && start != NULL)
        status = create_environ(handler, route, request, subject.visitor, &loan);
    if (status == 0 && route->threaded)
        status = call_later(route, loan.environ, start, &subject, response, reply);
    else if (status == 0)
        status = call_now(handler, route, loan.environ, start, &subject, response, reply);
    if (status != 0)
        answer_failure(&handler->answer, &subject, response);
    loan_end(&loan, route, request);
    Py_XDECREF(subject.text);
}

void handler_settle(struct handler *handler)
{
    answer_settle(&handler->answer);
}

/* ---- after the call ---- */

enum writing handler_next(struct reply *reply, struct slice *piece)
{
    enum writing writing = reply_next(reply, piece);

    if (writing == BROKEN && PyErr_Occurred())
        reply_report(reply);
    return writing;
}

void handler_watch(struct reply *reply, void (*ready)(void *context), void *context)
{
    channel_watch(reply_channel(reply), ready, context);
}

bool handler_collect(struct handler *handler, struct response *response, struct reply **reply)
{
    struct job *job = reply_job(*reply);
    struct subject subject = {NULL, NULL, NULL};
    struct outcome outcome;
    struct reply *body = NULL;
    int status;

    if (!job_outcome(job, &outcome))
        return false;
    subject.text = job_what(job);
    if (outcome.result != NULL)
        status = answer_with(&handler->answer, job_start(job), Py_NewRef(outcome.result), &subject,
                             response, &body);
    else
        status = answer_outcome(&handler->answer, job_start(job), &outcome, response);
    if (status != 0)
        answer_failure(&handler->answer, &subject, response);
    if (status == 0 && outcome.result == NULL && !response->whole)
        return true;
    reply_destroy(*reply);
    *reply = body;
    return true;
}

bool handler_is_held(const struct reply *reply)
{
    return reply_stream(reply) != NULL;
}

void handler_stop(struct reply *reply)
{
    if (handler_is_held(reply))
        stream_end(reply_stream(reply));
}

void handler_drop(struct reply *reply)
{
    reply_destroy(reply);
}

void handler_forget(const struct peer *peer)
{
    visitor_forget(peer);
}
