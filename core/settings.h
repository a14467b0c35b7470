/* What the app's module says about itself, validated before anything is bound. */
#ifndef FAPWS4_SETTINGS_H
#define FAPWS4_SETTINGS_H

#include "address.h"

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

struct settings {
    struct address address;     /* SERVER, unless the caller gave one */
    int debug;                  /* DEBUG: 0 to 3; from 1 on clients see tracebacks */
    uint64_t max_body_size;     /* MAX_BODY_SIZE, bytes */
    int keepalive, timeout;     /* KEEPALIVE, TIMEOUT: seconds; -1 when the app says nothing */
    int workers;                /* WORKERS: processes; main.c puts --workers in its place */
    PyObject *access_log;       /* ACCESS_LOG: str, "-" is stdout, or NULL */
    const char *certificate, *key; /* TLS, unless the caller gave them; NULL: none in files */
    PyObject *tls;              /* what they lie in */
    bool on_device;             /* the caller's word: there is a device's own certificate */
    bool asks_device;           /* TLS = "device": that certificate, or plain http for nobody else */
    PyObject *health;           /* HEALTH: str, or NULL */
    PyObject *paths;            /* PATHS: list of (str, callable); NULL when there is none */
    PyObject *application;      /* without PATHS: the WSGI callable `application` or `app` */
    PyObject *start_response;   /* Start_response: a subclass of _fapws4.StartResponse */
    PyObject *environ;          /* Environ, when the app has one of its own, else NULL */
};

/* Reads the module into zeroed settings, where `on_device` may be set, and `certificate` and `key`
 * may be given and are used instead of its TLS; `server` (may be NULL) is used instead of its SERVER,
 * `defaults` where neither names host or port. 0, or -1 after one line on stderr that names the object
 * and what it should be. */
int settings_read(PyObject *module, const char *server, const struct address *defaults,
                  struct settings *settings);

/* Whether the app may be served there: in the clear, for want of a device, to this machine only. False
 * after one line on stderr. */
bool settings_allow(const struct settings *settings, const struct address *address);

/* Legal on zeroed settings. */
void settings_finish(struct settings *settings);

#endif
