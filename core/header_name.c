#include "header_name.h"

#include <stdint.h>

enum { SLOTS = 1024 };

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

/* All bytes count: applications number their fields, and a name that shares its slot is made anew each
 * time. */
static size_t slot_of(struct slice name)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t hash = name.length, word = 0;
    size_t i = 0;

    for (; i + sizeof(word) <= name.length; i += sizeof(word)) {
        memcpy(&word, name.data + i, sizeof(word));
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, name.data + i, name.length - i);
    hash = (hash ^ word) * odd;
    return (size_t)(hash >> 32) % SLOTS;
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
