#include "routes.h"

#include "environ.h"

#include <stdlib.h>

static PyObject *server_name_of(const struct address *server)
{
    return PyUnicode_FromString(server->is_unix ? "localhost" : server->host);
}

static PyObject *server_port_of(const struct address *server)
{
    return server->is_unix ? PyUnicode_FromString("") : PyUnicode_FromFormat("%d", server->port);
}

/* SCRIPT_NAME shows the UTF-8 of a prefix as latin-1 (PEP 3333). */
static PyObject *create_template(struct slice prefix, const struct address *server, bool strict)
{
    PyObject *script = PyUnicode_DecodeLatin1(prefix.data, (Py_ssize_t)prefix.length, NULL);
    PyObject *name = server_name_of(server);
    PyObject *port = server_port_of(server);
    PyObject *template = NULL;

    if (script != NULL && name != NULL && port != NULL)
        template = environ_template(script, name, port, strict);
    Py_XDECREF(script);
    Py_XDECREF(name);
    Py_XDECREF(port);
    return template;
}

/* True for an attribute that fapws4.marks has set. */
static bool has_mark(PyObject *object, const char *mark)
{
    PyObject *value = PyObject_GetAttrString(object, mark);
    bool found = value == Py_True;

    PyErr_Clear();
    Py_XDECREF(value);
    return found;
}

/* The value of a mark, or `missing`; a mark on a class's __call__ counts for its instances. New
 * reference. */
static PyObject *mark_of(PyObject *callable, const char *mark, PyObject *missing)
{
    PyObject *value = PyObject_GetAttrString(callable, mark);
    PyObject *call = value == NULL ? PyObject_GetAttrString(callable, "__call__") : NULL;

    if (call != NULL)
        value = PyObject_GetAttrString(call, mark);
    PyErr_Clear();
    Py_XDECREF(call);
    return value != NULL ? value : Py_NewRef(missing);
}

static bool is_marked(PyObject *callable, const char *mark)
{
    PyObject *value = mark_of(callable, mark, Py_False);

    Py_DECREF(value);
    return value == Py_True;
}

/* Of a handler that reads bodies as they arrive: its own limit, None for no limit, or none stated. */
static uint64_t body_limit_of(PyObject *callable, uint64_t max_body_size)
{
    PyObject *limit = mark_of(callable, "fapws4_limit", Py_False);
    uint64_t bytes = max_body_size;

    if (limit == Py_None)
        bytes = UINT64_MAX;
    else if (PyLong_CheckExact(limit))
        bytes = PyLong_AsUnsignedLongLong(limit);
    Py_DECREF(limit);
    PyErr_Clear(); /* larger than any body */
    return bytes;
}

/* How a callable of PATHS wants to be called. */
static struct route route_for(PyObject *callable, const struct settings *settings)
{
    bool streaming = is_marked(callable, "fapws4_streaming");

    return (struct route){.streaming = streaming,
                          .threaded = streaming || is_marked(callable, "fapws4_threaded"),
                          .body_limit = body_limit_of(callable, settings->max_body_size)};
}

/* Takes over the references of `route` to its callable; the template is made here. */
static int add(struct routes *routes, struct router *router, struct slice prefix,
               struct route route, const struct address *server)
{
    if (route.strict && prefix.length > 0 && prefix.data[prefix.length - 1] == '/')
        prefix.length--; /* PEP 3333: PATH_INFO begins with '/', SCRIPT_NAME does not end with it */
    route.template = create_template(prefix, server, route.strict);
    route.prefix_length = prefix.length;
    routes->items[routes->count++] = route;
    if (route.template == NULL ||
        (route.threaded && PyDict_SetItemString(route.template, "wsgi.multithread", Py_True) != 0))
        return -1;
    if (router_add(router, prefix, route.strict))
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* True for an instance of views.Staticfile itself, not of a subclass, when the app has no classes of
 * its own that could make one answer differ from the next. */
static bool is_static(PyObject *callable, const struct settings *settings)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *views = PyDict_GetItemString(modules, "fapws4.views");
    PyObject *base = PyDict_GetItemString(modules, "fapws4.base");
    PyObject *type = views != NULL ? PyObject_GetAttrString(views, "Staticfile") : NULL;
    PyObject *standard = base != NULL ? PyObject_GetAttrString(base, "Start_response") : NULL;
    bool found = type != NULL && (PyObject *)Py_TYPE(callable) == type &&
                 settings->environ == NULL && settings->start_response == standard;

    PyErr_Clear();
    Py_XDECREF(type);
    Py_XDECREF(standard);
    return found;
}

/* New reference to what is to be called: a Mount only stands for its application, as long as it is
 * the Mount itself and not something that a decorator made of it. */
static PyObject *unwrapped(PyObject *callable)
{
    PyObject *marks = PyImport_ImportModule("fapws4.marks");
    PyObject *mount = marks != NULL ? PyObject_GetAttrString(marks, "Mount") : NULL;
    PyObject *found = NULL;

    if (mount != NULL && (PyObject *)Py_TYPE(callable) == mount)
        found = PyObject_GetAttrString(callable, "application");
    else if (mount != NULL)
        found = Py_NewRef(callable);
    Py_XDECREF(mount);
    Py_XDECREF(marks);
    return found;
}

static int add_path(struct routes *routes, struct router *router, PyObject *pair,
                    const struct settings *settings, const struct address *server)
{
    PyObject *callable = PyTuple_GET_ITEM(pair, 1);
    struct route route = route_for(callable, settings);
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(pair, 0), &length);

    route.strict = has_mark(callable, "fapws4_strict");
    route.cached = is_static(callable, settings);
    route.callable = route.strict ? unwrapped(callable) : Py_NewRef(callable);
    if (route.callable != NULL && text != NULL)
        return add(routes, router, (struct slice){text, (size_t)length}, route, server);
    Py_XDECREF(route.callable);
    return -1;
}

static int add_paths(struct routes *routes, const struct settings *settings,
                     const struct address *server, struct router *router)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(settings->paths); i++) {
        PyObject *pair = PyList_GET_ITEM(settings->paths, i);
        if (add_path(routes, router, pair, settings, server) != 0)
            return -1;
    }
    return 0;
}

/* The WSGI application, for all paths. */
static int add_application(struct routes *routes, const struct settings *settings,
                           const struct address *server, struct router *router)
{
    struct route route = route_for(settings->application, settings);

    route.callable = Py_NewRef(settings->application);
    route.strict = true;
    return add(routes, router, SLICE(""), route, server);
}

int routes_init(struct routes *routes, const struct settings *settings,
                const struct address *server, struct router *router)
{
    size_t count = settings->paths != NULL ? (size_t)PyList_GET_SIZE(settings->paths) : 1;
    int status;

    routes->count = 0;
    routes->items = calloc(count + 1, sizeof(*routes->items)); /* PATHS may be empty */
    if (routes->items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (settings->paths != NULL)
        status = add_paths(routes, settings, server, router);
    else
        status = add_application(routes, settings, server, router);
    if (status != 0 || router_index(router))
        return status;
    PyErr_NoMemory();
    return -1;
}

void routes_finish(struct routes *routes)
{
    for (size_t i = 0; i < routes->count; i++) {
        Py_XDECREF(routes->items[i].callable);
        Py_XDECREF(routes->items[i].template);
    }
    free(routes->items);
    routes->items = NULL;
    routes->count = 0;
}
