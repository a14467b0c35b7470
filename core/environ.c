#include "environ.h"

#include "block_input.h"
#include "file_wrapper.h"
#include "header_name.h"
#include "params.h"
#include "wsgi_input.h"

#define KEY_MAP(X)                               \
    X(REQUEST_METHOD, "REQUEST_METHOD")          \
    X(SCRIPT_NAME, "SCRIPT_NAME")                \
    X(PATH_INFO, "PATH_INFO")                    \
    X(QUERY_STRING, "QUERY_STRING")              \
    X(CONTENT_LENGTH, "CONTENT_LENGTH")          \
    X(SERVER_NAME, "SERVER_NAME")                \
    X(SERVER_PORT, "SERVER_PORT")                \
    X(SERVER_PROTOCOL, "SERVER_PROTOCOL")        \
    X(REQUEST_PROTOCOL, "REQUEST_PROTOCOL")      \
    X(REMOTE_ADDR, "REMOTE_ADDR")                \
    X(REMOTE_PORT, "REMOTE_PORT")                \
    X(HTTP_COOKIE, "HTTP_COOKIE")                \
    X(HTTP_CONTENT_LENGTH, "HTTP_CONTENT_LENGTH") \
    X(WSGI_VERSION, "wsgi.version")              \
    X(WSGI_URL_SCHEME, "wsgi.url_scheme")        \
    X(HTTPS, "HTTPS")                            \
    X(WSGI_INPUT, "wsgi.input")                  \
    X(WSGI_INPUT_TERMINATED, "wsgi.input_terminated") \
    X(WSGI_ERRORS, "wsgi.errors")                \
    X(WSGI_MULTITHREAD, "wsgi.multithread")      \
    X(WSGI_MULTIPROCESS, "wsgi.multiprocess")    \
    X(WSGI_RUN_ONCE, "wsgi.run_once")            \
    X(WSGI_FILE_WRAPPER, "wsgi.file_wrapper")    \
    X(FAPWS_URI, "fapws.uri")                    \
    X(FAPWS_PARAMS, "fapws.params")              \
    X(FAPWS_RAW_HEADER, "fapws.raw_header")      \
    X(FAPWS_MAJOR_MINOR, "fapws.major_minor")    \
    X(FAPWS_REMOTE_ADDR, "fapws.remote_addr")    \
    X(FAPWS_REMOTE_PORT, "fapws.remote_port")

#define VALUE_MAP(X)          \
    X(EMPTY, "")              \
    X(GET, "GET")             \
    X(SLASH, "/")             \
    X(HTTP, "http")           \
    X(SECURE, "https")        \
    X(ON, "on")               \
    X(PROTOCOL_1_1, "HTTP/1.1") \
    X(PROTOCOL_1_0, "HTTP/1.0") \
    X(VERSION_1_1, "1.1")     \
    X(VERSION_1_0, "1.0")

#define ENTRY(name, text) name,
enum key { KEY_MAP(ENTRY) KEY_COUNT };
enum value { VALUE_MAP(ENTRY) VALUE_COUNT };
#undef ENTRY

/* Interned: shared by all requests and found by the app by pointer. */
static PyObject *keys[KEY_COUNT];
static PyObject *values[VALUE_COUNT];
static PyObject *empty_input;
static bool has_siblings, is_secure;

int environ_init(bool multiprocess, bool secure)
{
#define ENTRY(name, text) text,
    static const char *const key_texts[] = {KEY_MAP(ENTRY)};
    static const char *const value_texts[] = {VALUE_MAP(ENTRY)};
#undef ENTRY
    bool complete = true;

    has_siblings = multiprocess;
    is_secure = secure;
    for (int i = 0; i < KEY_COUNT; i++)
        complete = (keys[i] = PyUnicode_InternFromString(key_texts[i])) != NULL && complete;
    for (int i = 0; i < VALUE_COUNT; i++)
        complete = (values[i] = PyUnicode_InternFromString(value_texts[i])) != NULL && complete;
    PyObject *nothing = PyBytes_FromStringAndSize(NULL, 0);
    empty_input = nothing != NULL ? wsgi_input_create(nothing) : NULL;
    Py_XDECREF(nothing);
    return complete && empty_input != NULL ? 0 : -1;
}

void environ_finish(void)
{
    for (int i = 0; i < KEY_COUNT; i++)
        Py_CLEAR(keys[i]);
    for (int i = 0; i < VALUE_COUNT; i++)
        Py_CLEAR(values[i]);
    Py_CLEAR(empty_input);
    header_name_finish();
}

static PyObject *latin1(struct slice text)
{
    return PyUnicode_DecodeLatin1(text.data, (Py_ssize_t)text.length, NULL);
}

static int set(PyObject *env, enum key key, PyObject *value)
{
    return PyDict_SetItem(env, keys[key], value);
}

/* As set, for a new reference, which may be NULL after an error. */
static int set_new(PyObject *env, enum key key, PyObject *value)
{
    int status = value != NULL ? PyDict_SetItem(env, keys[key], value) : -1;

    Py_XDECREF(value);
    return status;
}

static int set_text(PyObject *env, enum key key, struct slice text)
{
    return set_new(env, key, latin1(text));
}

/* ---- template ---- */

static int set_server(PyObject *template, PyObject *script_name, PyObject *server_name,
                      PyObject *server_port)
{
    PyObject *errors = PySys_GetObject("stderr");
    int status = 0;

    status |= set_new(template, WSGI_VERSION, Py_BuildValue("(ii)", 1, 0));
    status |= set(template, WSGI_URL_SCHEME, values[is_secure ? SECURE : HTTP]);
    if (is_secure)
        status |= set(template, HTTPS, values[ON]);
    status |= set(template, WSGI_INPUT, empty_input);
    status |= set(template, WSGI_INPUT_TERMINATED, Py_True);
    status |= set(template, WSGI_ERRORS, errors != NULL ? errors : Py_None);
    status |= set(template, WSGI_MULTITHREAD, Py_False);
    status |= set(template, WSGI_MULTIPROCESS, has_siblings ? Py_True : Py_False);
    status |= set(template, WSGI_RUN_ONCE, Py_False);
    status |= set(template, SCRIPT_NAME, script_name);
    status |= set(template, SERVER_NAME, server_name);
    status |= set(template, SERVER_PORT, server_port);
    return status;
}

/* Values that most requests share, and places for those that every request sets. */
static int set_defaults(PyObject *template, bool strict)
{
    int status = 0;

    status |= set(template, REQUEST_METHOD, values[GET]);
    status |= set(template, PATH_INFO, values[strict ? SLASH : EMPTY]);
    status |= set(template, QUERY_STRING, values[EMPTY]);
    status |= set(template, SERVER_PROTOCOL, values[PROTOCOL_1_1]);
    status |= set(template, REMOTE_ADDR, values[EMPTY]);
    status |= set(template, REMOTE_PORT, values[EMPTY]);
    if (strict)
        return status | set(template, WSGI_FILE_WRAPPER, (PyObject *)&file_wrapper_type);
    status |= set(template, REQUEST_PROTOCOL, values[PROTOCOL_1_1]);
    status |= set(template, FAPWS_URI, values[EMPTY]);
    status |= set(template, FAPWS_PARAMS, Py_None);
    status |= set(template, FAPWS_RAW_HEADER, values[EMPTY]);
    status |= set(template, FAPWS_MAJOR_MINOR, values[VERSION_1_1]);
    status |= set(template, FAPWS_REMOTE_ADDR, values[EMPTY]);
    status |= set(template, FAPWS_REMOTE_PORT, Py_None);
    return status;
}

PyObject *environ_template(PyObject *script_name, PyObject *server_name, PyObject *server_port,
                           bool strict)
{
    PyObject *template = PyDict_New();

    if (template != NULL && (set_server(template, script_name, server_name, server_port) != 0 ||
                             set_defaults(template, strict) != 0))
        Py_CLEAR(template);
    return template;
}

/* ---- request ---- */

static int set_body(PyObject *env, const struct request *request, bool strict)
{
    PyObject *body, *length;
    int status = 0;

    if (request->upload != NULL)
        return set_new(env, WSGI_INPUT, block_input_create(request));
    if (request->fields.chunked) { /* it is decoded: the app sees an ordinary body */
        length = PyUnicode_FromFormat("%zu", request->body.length);
        status = length != NULL ? set(env, CONTENT_LENGTH, length) : -1;
        if (status == 0 && !strict)
            status = set(env, HTTP_CONTENT_LENGTH, length);
        Py_XDECREF(length);
    }
    if (request->body.length == 0 || status != 0)
        return status;
    if (request->spool != NULL)
        return set_new(env, WSGI_INPUT, block_input_create(request));
    body = PyBytes_FromStringAndSize(request->body.data, (Py_ssize_t)request->body.length);
    status = body != NULL ? set_new(env, WSGI_INPUT, wsgi_input_create(body)) : -1;
    Py_XDECREF(body);
    return status;
}

struct slice environ_usual_path(bool strict)
{
    return strict ? SLICE("/") : SLICE("");
}

int environ_set_method(PyObject *env, struct slice method)
{
    return set_text(env, REQUEST_METHOD, method);
}

int environ_set_path(PyObject *env, struct slice path)
{
    return set_text(env, PATH_INFO, path);
}

int environ_set_visitor(PyObject *env, const struct visitor *visitor, bool strict)
{
    int status = set(env, REMOTE_ADDR, visitor->address) | set(env, REMOTE_PORT, visitor->port_text);

    if (strict)
        return status;
    status |= set(env, FAPWS_REMOTE_ADDR, visitor->address);
    return status | set(env, FAPWS_REMOTE_PORT, visitor->port);
}

int environ_set_request(PyObject *env, const struct request *request, bool strict)
{
    int status = 0;

    if (request->minor_version == 0)
        status |= set(env, SERVER_PROTOCOL, values[PROTOCOL_1_0]);
    if (request->fields.content_length > 0 || request->fields.chunked)
        status |= set_body(env, request, strict);
    if (strict)
        return status;
    if (request->minor_version == 0) {
        status |= set(env, REQUEST_PROTOCOL, values[PROTOCOL_1_0]);
        status |= set(env, FAPWS_MAJOR_MINOR, values[VERSION_1_0]);
    }
    return status | set_text(env, FAPWS_RAW_HEADER, request->head);
}

/* ---- uri ---- */

static PyObject *params_of_form(const struct request *request)
{
    PyObject *body, *params;

    if (request->spool == NULL)
        return params_parse(request->body);
    body = block_input_whole(request->spool, request->body.length);
    if (body == NULL)
        return NULL;
    params = params_parse((struct slice){PyBytes_AS_STRING(body), request->body.length});
    Py_DECREF(body);
    return params;
}

/* A form replaces the query's fields (fapws3 did the same). */
static PyObject *params_of(const struct request *request)
{
    if (request->body.length > 0 && request->method.length == 4 &&
        memcmp(request->method.data, "POST", 4) == 0) {
        for (size_t i = 0; i < request->header_count; i++) {
            const struct phr_header *header = &request->headers[i];
            if (slice_is((struct slice){header->name, header->name_len}, SLICE("content-type")) &&
                params_is_form((struct slice){header->value, header->value_len}))
                return params_of_form(request);
        }
    }
    return params_parse(request->target.query);
}

int environ_set_uri(PyObject *env, const struct request *request, bool strict)
{
    int status = 0;

    if (request->target.query.length > 0)
        status |= set_text(env, QUERY_STRING, request->target.query);
    if (strict)
        return status;
    status |= set_text(env, FAPWS_URI, request->text);
    status |= set_new(env, FAPWS_PARAMS, params_of(request));
    return status;
}

int environ_unset(PyObject *env, const struct request *request, bool strict)
{
    int status = 0;

    if (request->body.length > 0)
        status |= set(env, WSGI_INPUT, empty_input);
    if (request->target.query.length > 0)
        status |= set(env, QUERY_STRING, values[EMPTY]);
    if (strict)
        return status;
    status |= set(env, FAPWS_RAW_HEADER, values[EMPTY]);
    status |= set(env, FAPWS_URI, values[EMPTY]);
    return status | set(env, FAPWS_PARAMS, Py_None);
}

/* ---- headers ---- */

/* A field that came more than once is a list (RFC 9110 section 5.3); cookies have a separator of
 * their own (RFC 6265 section 5.4). */
static int join(PyObject *env, PyObject *key, PyObject *value)
{
    PyObject *earlier = PyDict_GetItemWithError(env, key);
    bool is_cookie = PyObject_RichCompareBool(key, keys[HTTP_COOKIE], Py_EQ) == 1;
    PyObject *joined = earlier != NULL
                           ? PyUnicode_FromFormat(is_cookie ? "%U; %U" : "%U, %U", earlier, value)
                           : NULL;
    int status = joined != NULL ? PyDict_SetItem(env, key, joined) : -1;

    Py_XDECREF(joined);
    return status;
}

static int set_header(PyObject *env, PyObject *key, PyObject *value)
{
    Py_ssize_t size = PyDict_Size(env);

    if (PyDict_SetDefault(env, key, value) == NULL)
        return -1;
    return PyDict_Size(env) > size ? 0 : join(env, key, value);
}

int environ_set_headers(PyObject *env, const struct request *request, bool strict)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct phr_header *header = &request->headers[i];
        const struct header_name *name =
            header_name_find((struct slice){header->name, header->name_len});
        struct slice text = {header->value, header->value_len};
        PyObject *value;
        int status = 0;
        if (name == NULL)
            return -1;
        if (name->dropped)
            continue;
        if (header->name_len == 4 && request->target.authority.data != NULL &&
            slice_is((struct slice){header->name, 4}, SLICE("host")))
            text = request->fields.host;
        value = latin1(text);
        if (value == NULL)
            return -1;
        if (name->cgi_key != NULL)
            status = set_header(env, name->cgi_key, value);
        if (status == 0 && (name->cgi_key == NULL || !strict))
            status = set_header(env, name->key, value);
        Py_DECREF(value);
        if (status != 0)
            return -1;
    }
    return 0;
}
