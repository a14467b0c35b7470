#include "settings.h"

#include "limits.h"
#include "start_response.h"

#include <stdio.h>

enum { LONGEST_WAIT = 86400 }; /* seconds: a day */

/* ---- saying what is wrong ---- */

static int complain(const char *what, const char *wanted)
{
    PyErr_Clear();
    fprintf(stderr, "fapws4: %s: %s\n", what, wanted);
    return -1;
}

/* New reference to an attribute of the module, NULL (without an error) when it has none or it is
 * None. */
static PyObject *attribute(PyObject *module, const char *name)
{
    PyObject *value = PyObject_GetAttrString(module, name);

    if (value == NULL)
        PyErr_Clear();
    else if (value == Py_None)
        Py_CLEAR(value);
    return value;
}

/* ---- numbers ---- */

/* An int of lowest..highest in *number, which stays as it is when the module has no such name. */
static int read_number(PyObject *module, const char *name, long long lowest, long long highest,
                       const char *wanted, long long *number)
{
    PyObject *value = attribute(module, name);
    long long read;

    if (value == NULL)
        return 0;
    read = PyLong_Check(value) && !PyBool_Check(value) ? PyLong_AsLongLong(value) : -1;
    Py_DECREF(value);
    if (PyErr_Occurred() || read < lowest || read > highest)
        return complain(name, wanted);
    *number = read;
    return 0;
}

static int read_numbers(PyObject *module, struct settings *settings)
{
    long long debug = 0, max_body_size = LIMIT_BODY_DEFAULT, keepalive = -1, timeout = -1;
    long long workers = 1;

    if (read_number(module, "DEBUG", 0, 3, "must be 0, 1, 2 or 3", &debug) != 0 ||
        read_number(module, "MAX_BODY_SIZE", 0, PY_SSIZE_T_MAX / 2,
                    "must be a number of bytes, 0 or more", &max_body_size) != 0 ||
        read_number(module, "KEEPALIVE", 0, LONGEST_WAIT,
                    "must be a number of seconds, 0 (connections are not kept) to 86400",
                    &keepalive) != 0 ||
        read_number(module, "TIMEOUT", 1, LONGEST_WAIT, "must be a number of seconds, 1 to 86400",
                    &timeout) != 0 ||
        read_number(module, "WORKERS", 1, LIMIT_PROCESSES, "must be a number of processes, 1 to 128",
                    &workers) != 0)
        return -1;
    settings->keepalive = (int)keepalive;
    settings->timeout = (int)timeout;
    settings->workers = (int)workers;
    settings->debug = (int)debug;
    settings->max_body_size = (uint64_t)max_body_size;
    return 0;
}

static int read_health(PyObject *module, struct settings *settings)
{
    PyObject *value = attribute(module, "HEALTH");
    const char *text = value != NULL && PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;

    if (value == NULL || (text != NULL && text[0] == '/')) {
        settings->health = value;
        return 0;
    }
    Py_DECREF(value);
    return complain("HEALTH", "must be a path like \"/health\"");
}

static int read_access_log(PyObject *module, struct settings *settings)
{
    PyObject *value = attribute(module, "ACCESS_LOG");
    const char *text = value != NULL && PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;

    if (value == Py_False)
        Py_CLEAR(value);
    if (value == Py_True)
        Py_SETREF(value, PyUnicode_FromString("-"));
    else if (value != NULL && (text == NULL || text[0] == '\0')) {
        Py_DECREF(value);
        return complain("ACCESS_LOG", "must be the path of a file, or \"-\" (stdout)");
    }
    settings->access_log = value;
    return 0;
}

/* ---- TLS ---- */

/* The UTF-8 text of a path, kept alive by the tuple. */
static const char *path_in(PyObject *pair, Py_ssize_t index)
{
    PyObject *path = PyTuple_GET_ITEM(pair, index);
    Py_ssize_t length = 0;
    const char *text = PyUnicode_Check(path) ? PyUnicode_AsUTF8AndSize(path, &length) : NULL;

    return length > 0 && strlen(text) == (size_t)length ? text : NULL;
}

static bool is_text(PyObject *value, const char *text)
{
    return PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, text) == 0;
}

static int read_tls(PyObject *module, struct settings *settings)
{
    PyObject *value = settings->certificate == NULL ? attribute(module, "TLS") : NULL;

    settings->asks_device = value != NULL && is_text(value, "device");
    if (settings->asks_device)
        Py_CLEAR(value);
    if (value == NULL)
        return 0;
    settings->tls = PyList_Check(value) || PyTuple_Check(value) ? PySequence_Tuple(value) : NULL;
    Py_DECREF(value);
    if (settings->tls != NULL && PyTuple_GET_SIZE(settings->tls) == 2) {
        settings->certificate = path_in(settings->tls, 0);
        settings->key = path_in(settings->tls, 1);
    }
    if (settings->certificate == NULL || settings->key == NULL)
        return complain("TLS", "must name two files, like (\"cert.pem\", \"key.pem\"), or be \"device\"");
    return 0;
}

/* ---- address ---- */

static const char address_wanted[] = "must be an address like \"0.0.0.0:8888\", \":8888\", "
                                     "\"[::1]:8888\" or \"unix:/path\"";

bool settings_allow(const struct settings *settings, const struct address *address)
{
    if (!settings->asks_device || settings->on_device || address_is_local(address))
        return true;
    fputs("fapws4: TLS: \"device\" is the certificate of a device; without one only this machine is "
          "served, in the clear: say --server 127.0.0.1:8888, or --cert FILE --key FILE\n",
          stderr);
    return false;
}

/* A text that names no host means all of them, or this machine where nobody else may ask. */
static bool parse_address(const char *text, const struct address *defaults,
                          struct settings *settings)
{
    static const char local[] = "127.0.0.1";
    bool names_none = text[0] == '\0' || text[0] == ':';

    if (!address_parse(text, defaults, &settings->address))
        return false;
    if (names_none && settings->asks_device && !settings->on_device) {
        settings->address.is_v6 = false;
        memcpy(settings->address.host, local, sizeof(local));
    }
    return true;
}

static int read_address(PyObject *module, const char *server, const struct address *defaults,
                        struct settings *settings)
{
    PyObject *value = server == NULL ? attribute(module, "SERVER") : NULL;
    const char *text = server != NULL ? server : "";
    bool valid;

    if (value != NULL)
        text = PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;
    valid = text != NULL && parse_address(text, defaults, settings);
    Py_XDECREF(value);
    if (!valid)
        return complain(server != NULL ? server : "SERVER", address_wanted);
    return settings_allow(settings, &settings->address) ? 0 : -1;
}

/* ---- PATHS ---- */

static bool is_path(PyObject *pair)
{
    return PySequence_Fast_GET_SIZE(pair) == 2 &&
           PyUnicode_Check(PySequence_Fast_GET_ITEM(pair, 0)) &&
           PyCallable_Check(PySequence_Fast_GET_ITEM(pair, 1));
}

static int add_path(struct settings *settings, PyObject *item)
{
    bool fits = (PyTuple_Check(item) || PyList_Check(item)) && is_path(item);
    PyObject *pair = fits ? PySequence_Tuple(item) : NULL;
    char what[32];
    int status;

    if (pair == NULL) {
        snprintf(what, sizeof(what), "PATHS[%zd]", PyList_GET_SIZE(settings->paths));
        return complain(what, "must be a tuple of a str and a callable, like (\"/hello\", hello)");
    }
    status = PyList_Append(settings->paths, pair);
    Py_DECREF(pair);
    return status == 0 ? 0 : complain("PATHS", "cannot be kept, memory is out");
}

static int read_paths(PyObject *paths, struct settings *settings)
{
    if (!PyList_Check(paths) && !PyTuple_Check(paths))
        return complain("PATHS", "must be a list of tuples, like [(\"/\", hello)]");
    settings->paths = PyList_New(0);
    if (settings->paths == NULL)
        return complain("PATHS", "cannot be kept, memory is out");
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(paths); i++) {
        if (add_path(settings, PySequence_Fast_GET_ITEM(paths, i)) != 0)
            return -1;
    }
    return 0;
}

static int read_application(PyObject *module, struct settings *settings)
{
    settings->application = attribute(module, "application");
    if (settings->application == NULL)
        settings->application = attribute(module, "app");
    if (settings->application == NULL)
        return complain("PATHS", "is missing: the app needs a list like PATHS = [(\"/\", hello)], "
                                 "or a WSGI callable named application or app");
    if (!PyCallable_Check(settings->application))
        return complain("application", "must be callable, as PEP 3333 says");
    return 0;
}

/* ---- Start_response and Environ ---- */

/* The name in the module, else in fapws4.base, else NULL. */
static PyObject *class_named(PyObject *module, const char *name)
{
    PyObject *value = attribute(module, name);
    PyObject *base = value == NULL ? PyImport_ImportModule("fapws4.base") : NULL;

    if (base != NULL)
        value = attribute(base, name);
    Py_XDECREF(base);
    PyErr_Clear();
    return value;
}

static int read_start_response(PyObject *module, struct settings *settings)
{
    PyObject *type = settings->application != NULL ? Py_NewRef((PyObject *)&start_response_type)
                                                   : class_named(module, "Start_response");

    settings->start_response = type;
    if (type == NULL)
        return complain("fapws4.base", "cannot be imported: the package fapws4 must be installed");
    if (PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, &start_response_type))
        return 0;
    return complain("Start_response", "must be fapws4.base.Start_response or a subclass of it");
}

static int read_environ(PyObject *module, struct settings *settings)
{
    PyObject *own = attribute(module, "Environ");
    PyObject *base = own != NULL ? PyImport_ImportModule("fapws4.base") : NULL;
    PyObject *standard = base != NULL ? attribute(base, "Environ") : NULL;
    bool fits = own == NULL || own == standard ||
                (PyType_Check(own) && standard != NULL && PyObject_IsSubclass(own, standard) == 1);

    if (fits && own != standard)
        settings->environ = Py_XNewRef(own);
    Py_XDECREF(base);
    Py_XDECREF(standard);
    Py_XDECREF(own);
    PyErr_Clear();
    return fits ? 0 : complain("Environ", "must be fapws4.base.Environ or a subclass of it");
}

int settings_read(PyObject *module, const char *server, const struct address *defaults,
                  struct settings *settings)
{
    PyObject *types = PyImport_ImportModule("_fapws4"); /* makes the types below usable */
    PyObject *paths = attribute(module, "PATHS");
    int status = paths != NULL ? read_paths(paths, settings) : read_application(module, settings);

    Py_XDECREF(types);
    Py_XDECREF(paths);
    if (types == NULL)
        return complain("_fapws4", "cannot be imported");
    if (status != 0 || read_numbers(module, settings) != 0 ||
        read_health(module, settings) != 0 || read_access_log(module, settings) != 0 ||
        read_tls(module, settings) != 0 ||
        read_address(module, server, defaults, settings) != 0 ||
        read_start_response(module, settings) != 0)
        return -1;
    settings->address.is_secure =
        settings->certificate != NULL || (settings->asks_device && settings->on_device);
    return settings->application != NULL ? 0 : read_environ(module, settings);
}

void settings_finish(struct settings *settings)
{
    Py_CLEAR(settings->access_log);
    Py_CLEAR(settings->tls);
    Py_CLEAR(settings->health);
    Py_CLEAR(settings->paths);
    Py_CLEAR(settings->application);
    Py_CLEAR(settings->start_response);
    Py_CLEAR(settings->environ);
}
