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

/* The template's reference is taken over; it may be NULL after an error. */
static int add(struct routes *routes, struct router *router, struct slice prefix,
               PyObject *callable, PyObject *template)
{
    struct route *route = &routes->items[routes->count];

    if (template == NULL)
        return -1;
    route->template = template;
    route->callable = Py_NewRef(callable);
    route->prefix_length = prefix.length;
    routes->count++;
    if (router_add(router, prefix))
        return 0;
    PyErr_NoMemory();
    return -1;
}

static int add_paths(struct routes *routes, PyObject *paths, const struct address *server,
                     struct router *router)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(paths); i++) {
        PyObject *pair = PyList_GET_ITEM(paths, i);
        Py_ssize_t length;
        const char *text = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(pair, 0), &length);
        struct slice prefix = {text, (size_t)length};
        if (text == NULL || add(routes, router, prefix, PyTuple_GET_ITEM(pair, 1),
                                create_template(prefix, server, false)) != 0)
            return -1;
    }
    return 0;
}

int routes_init(struct routes *routes, const struct settings *settings,
                const struct address *server, struct router *router)
{
    size_t count = settings->paths != NULL ? (size_t)PyList_GET_SIZE(settings->paths) : 1;

    routes->count = 0;
    routes->items = calloc(count + 1, sizeof(*routes->items)); /* PATHS may be empty */
    if (routes->items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (settings->paths != NULL)
        return add_paths(routes, settings->paths, server, router);
    return add(routes, router, SLICE(""), settings->application,
               create_template(SLICE(""), server, true));
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
