#include "header_name.h"

enum { SLOTS = 256 };

/* Direct-mapped: a name that falls on a taken slot replaces it, so that a client with endless new
 * names costs time, never memory. */
static struct header_name slots[SLOTS];

/* For a name that is too long to be kept. */
static struct header_name unkept;

/* Interned, so that an app's environ["HTTP_HOST"] is found by comparing pointers. Not all names
 * are: interned strings may live for ever, and clients choose their names. */
static const char *const known_keys[] = {
    "HTTP_ACCEPT",          "HTTP_ACCEPT_ENCODING",  "HTTP_ACCEPT_LANGUAGE",
    "HTTP_AUTHORIZATION",   "HTTP_CACHE_CONTROL",    "HTTP_CONNECTION",
    "HTTP_CONTENT_LENGTH",  "HTTP_CONTENT_TYPE",     "HTTP_COOKIE",
    "HTTP_HOST",            "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH",
    "HTTP_ORIGIN",          "HTTP_RANGE",            "HTTP_REFERER",
    "HTTP_USER_AGENT",      "HTTP_X_FORWARDED_FOR",  "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REQUESTED_WITH",
};

static unsigned slot_of(struct slice name)
{
    const unsigned char *bytes = (const unsigned char *)name.data;
    size_t length = name.length;

    return (unsigned)(length * 37 + bytes[0] * 5u + bytes[length / 2] * 17u + bytes[length - 1]) %
           SLOTS;
}

static PyObject *create_key(struct slice name)
{
    PyObject *key = PyUnicode_New((Py_ssize_t)name.length + 5, 127);
    char *text;

    if (key == NULL)
        return NULL;
    text = PyUnicode_DATA(key);
    memcpy(text, "HTTP_", 5);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        text[5 + i] = c == '-' ? '_' : c;
    }
    for (size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++) {
        if (PyUnicode_CompareWithASCIIString(key, known_keys[i]) == 0)
            PyUnicode_InternInPlace(&key);
    }
    return key;
}

static PyObject *cgi_key_of(struct slice name)
{
    if (slice_is(name, SLICE("content-type")))
        return PyUnicode_InternFromString("CONTENT_TYPE");
    if (slice_is(name, SLICE("content-length")))
        return PyUnicode_InternFromString("CONTENT_LENGTH");
    return NULL;
}

static void empty(struct header_name *entry)
{
    Py_XDECREF(entry->key);
    Py_XDECREF(entry->cgi_key);
    memset(entry, 0, sizeof(*entry));
}

static const struct header_name *fill(struct header_name *entry, struct slice name)
{
    empty(entry);
    entry->dropped = memchr(name.data, '_', name.length) != NULL ||
                     slice_is(name, SLICE("transfer-encoding"));
    entry->cgi_key = cgi_key_of(name);
    entry->key = create_key(name);
    if (entry->key == NULL)
        return NULL;
    if (name.length <= sizeof(entry->name)) {
        entry->length = (unsigned char)name.length;
        memcpy(entry->name, name.data, name.length);
    }
    return entry;
}

const struct header_name *header_name_find(struct slice name)
{
    struct header_name *entry;

    if (name.length > sizeof(entry->name))
        return fill(&unkept, name);
    entry = &slots[slot_of(name)];
    if (entry->length == name.length && memcmp(entry->name, name.data, name.length) == 0)
        return entry;
    return fill(entry, name);
}

void header_name_finish(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        empty(&slots[i]);
    empty(&unkept);
}
