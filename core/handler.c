#include "handler.h"

#include "environ.h"
#include "reply.h"
#include "report.h"
#include "response_head.h"
#include "routes.h"
#include "settings.h"

#include <stdlib.h>

/* Where the second argument of a call comes from. */
struct starter {
    PyTypeObject *type;
    struct start_response *start_response; /* used again unless the app has kept it */
    bool strict;                           /* PEP 3333 to the letter */
};

struct handler {
    struct routes routes;
    bool shows_tracebacks;
    PyObject *environ_type;     /* the app's own Environ, or NULL */
    struct starter starters[2]; /* for PATHS handlers, and for WSGI applications */
    PyObject *held;             /* what response->body lies in */
    struct buffer joined;       /* or here */
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
    handler->shows_tracebacks = settings->debug > 0;
    handler->environ_type = Py_XNewRef(settings->environ);
    if (environ_init() == 0 && routes_init(&handler->routes, settings, server, router) == 0 &&
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
    Py_XDECREF(handler->held);
    buffer_finish(&handler->joined);
    environ_finish();
    free(handler);
}

/* ---- arguments of the call ---- */

static int fill_environ(const struct route *route, const struct request *request,
                        const struct visitor *visitor, PyObject *env)
{
    size_t path_length = request->path.length - route->prefix_length;

    if (environ_set_request(env, request, visitor, route->strict) != 0 ||
        environ_set_uri(env, request, path_length, route->strict) != 0)
        return -1;
    return environ_set_headers(env, request, route->strict);
}

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
    size_t path_length = request->path.length - route->prefix_length;
    PyObject *done[3] = {NULL, NULL, NULL};

    if (env != NULL && base != NULL && uri != NULL && headers != NULL &&
        environ_set_request(base, request, visitor, false) == 0 &&
        environ_set_uri(uri, request, path_length, false) == 0 &&
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

static PyObject *create_environ(const struct handler *handler, const struct route *route,
                                const struct request *request, const struct visitor *visitor)
{
    PyObject *env;

    if (handler->environ_type != NULL && !route->strict)
        return create_own_environ(handler, route, request, visitor);
    env = PyDict_Copy(route->template);
    if (env != NULL && fill_environ(route, request, visitor, env) != 0)
        Py_CLEAR(env);
    return env;
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

/* ---- the answer ---- */

static PyObject *describe(const struct request *request, const struct visitor *visitor)
{
    PyObject *method = PyUnicode_DecodeLatin1(request->method.data,
                                              (Py_ssize_t)request->method.length, NULL);
    PyObject *target = PyUnicode_DecodeLatin1(request->text.data,
                                              (Py_ssize_t)request->text.length, NULL);
    PyObject *text = NULL;

    if (method != NULL && target != NULL)
        text = PyUnicode_FromFormat("%U %U from %S", method, target,
                                    visitor != NULL ? visitor->address : Py_None);
    Py_XDECREF(method);
    Py_XDECREF(target);
    return text;
}

/* What was given to write() goes in front of the first piece. */
static int prepend_written(struct handler *handler, const struct start_response *start,
                           struct response *response)
{
    PyObject *written = start->written;
    struct buffer all = {NULL, 0, 0, false};

    if (written == NULL)
        return 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(written); i++)
        buffer_append(&all, PyBytes_AS_STRING(PyList_GET_ITEM(written, i)),
                      (size_t)PyBytes_GET_SIZE(PyList_GET_ITEM(written, i)));
    buffer_append_slice(&all, response->body);
    buffer_finish(&handler->joined);
    handler->joined = all;
    response->body = (struct slice){all.data, all.length};
    if (!all.failed)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static int fill_head(struct start_response *start, struct response *response)
{
    if (response_head_fill(start, response) != 0)
        return -1;
    if (response->is_text && !response->has_content_type)
        buffer_append_slice(&response->fields, SLICE("Content-Type: text/html; charset=utf-8\r\n"));
    return 0;
}

/* Frameworks wrap one complete piece into an iterator: when the first is as long as announced and
 * nothing follows, the body is whole and needs no second write. 0, or -1 with an error set. */
static int end_early(struct handler *handler, struct response *response, struct reply *reply)
{
    struct slice rest = {NULL, 0};
    enum writing writing;

    if (response->whole || !response->has_length || response->body.length != response->length)
        return 0;
    handler->joined.length = 0;
    buffer_append_slice(&handler->joined, response->body); /* the next piece frees this one */
    response->body = (struct slice){handler->joined.data, handler->joined.length};
    writing = reply_next(reply, &rest);
    response->whole = writing == DONE;
    return writing == BROKEN ? -1 : 0;
}

/* Takes the first piece before the head is made: a generator's start_response runs only now. */
static int begin_pieces(struct handler *handler, struct start_response *start, PyObject *result,
                        PyObject *what, struct response *response, struct reply **reply)
{
    enum writing writing;
    long long size;

    *reply = what != NULL ? reply_create(result, start->strict, what) : NULL;
    if (*reply == NULL)
        return -1;
    size = reply_file_size(*reply);
    writing = reply_next(*reply, &response->body);
    response->whole = writing == DONE;
    response->is_text = reply_is_text(*reply);
    if (writing == BROKEN || fill_head(start, response) != 0)
        return -1;
    if (size >= 0 && !response->has_length) {
        response->has_length = true;
        response->length = (uint64_t)size;
    }
    if (response->whole)
        response->body = (struct slice){NULL, 0};
    return end_early(handler, response, *reply);
}

static void drop_reply(struct reply **reply)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback); /* close() must not run with an error set */
    reply_destroy(*reply);
    *reply = NULL;
    PyErr_Restore(type, value, traceback);
}

static int respond(struct handler *handler, struct start_response *start, PyObject *result,
                   const struct request *request, const struct visitor *visitor,
                   struct response *response, struct reply **reply)
{
    int status = reply_whole(result, start->strict, &handler->joined, response);
    PyObject *what;

    if (status > 0)
        status = fill_head(start, response);
    else if (status == 0) {
        what = describe(request, visitor);
        status = begin_pieces(handler, start, result, what, response, reply);
        Py_XDECREF(what);
        if (status != 0 || response->whole)
            drop_reply(reply);
    }
    return status == 0 ? prepend_written(handler, start, response) : -1;
}

/* 500 instead of whatever the response was going to be. */
static void fail(struct handler *handler, const struct request *request,
                 const struct visitor *visitor, struct response *response)
{
    PyObject *type, *value, *traceback;
    PyObject *what, *exception, *text = NULL;

    PyErr_Fetch(&type, &value, &traceback);
    what = describe(request, visitor);
    PyErr_Restore(type, value, traceback);
    exception = what != NULL ? report_exception(what) : NULL;
    if (exception != NULL && handler->shows_tracebacks)
        text = report_traceback(exception);
    response_plain(response, 500, text != NULL ? PyUnicode_AsUTF8(text) : NULL);
    PyErr_Clear();
    Py_XSETREF(handler->held, text);
    Py_XDECREF(exception);
    Py_XDECREF(what);
}

void handler_call(struct handler *handler, int route_number, const struct request *request,
                  const struct peer *peer, struct visitor **visitor, struct response *response,
                  struct reply **reply)
{
    const struct route *route = &handler->routes.items[route_number];
    struct start_response *start = take_start_response(&handler->starters[route->strict]);
    PyObject *env = NULL, *result = NULL;

    handler->joined.length = 0;
    handler->joined.failed = false;
    if (*visitor == NULL)
        *visitor = visitor_create(peer);
    if (*visitor != NULL && start != NULL)
        env = create_environ(handler, route, request, *visitor);
    if (env != NULL) {
        PyObject *args[3] = {NULL, env, (PyObject *)start};
        result = PyObject_Vectorcall(route->callable, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                     NULL);
        Py_DECREF(env);
    }
    Py_XSETREF(handler->held, result);
    if (result == NULL ||
        respond(handler, start, result, request, *visitor, response, reply) != 0)
        fail(handler, request, *visitor, response);
}

void handler_settle(struct handler *handler)
{
    Py_CLEAR(handler->held);
    if (handler->joined.capacity > LIMIT_READ)
        buffer_finish(&handler->joined);
}

/* ---- after the call ---- */

enum writing handler_next(struct reply *reply, struct slice *piece)
{
    enum writing writing = reply_next(reply, piece);

    if (writing == BROKEN)
        reply_report(reply);
    return writing;
}

void handler_drop(struct reply *reply)
{
    reply_destroy(reply);
}

void handler_forget(struct visitor *visitor)
{
    visitor_destroy(visitor);
}
