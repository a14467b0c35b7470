/* From the name of a request header to its key in environ: "User-Agent" -> "HTTP_USER_AGENT". Names
 * repeat from request to request; the keys are kept by the bytes of the name as it was sent. */
#ifndef FAPWS4_HEADER_NAME_H
#define FAPWS4_HEADER_NAME_H

#include "buffer.h"

#include <Python.h>

struct header_name {
    PyObject *key;     /* "HTTP_..." */
    PyObject *cgi_key; /* CONTENT_TYPE or CONTENT_LENGTH (RFC 3875), else NULL */
    bool dropped;      /* not for the app: see header_name_find */
    unsigned char length;
    char name[46];
};

/* Never NULL but when memory is out (an error is set); valid until the next call. Dropped are names
 * with '_', which would shadow the same name with '-' (a client could forge what a proxy sets), and
 * Transfer-Encoding: the body is decoded already, and Bottle would do it once more. */
const struct header_name *header_name_find(struct slice name);

/* Frees the kept keys. */
void header_name_finish(void);

#endif
