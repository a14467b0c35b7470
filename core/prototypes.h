/* Environs of header blocks that came before (block_memo.h): the template of a route and the fields of
 * one block, ready to be copied. */
#ifndef FAPWS4_PROTOTYPES_H
#define FAPWS4_PROTOTYPES_H

#include "request.h"

#include <Python.h>

/* A dict to copy an environ from, in which only the fields that differ from request to request are to
 * be set; never to be changed or handed out. Borrowed; NULL when the request's block is not known, or
 * with an error set. */
PyObject *prototypes_find(const struct request *request, PyObject *template, bool strict);

/* Lets go of everything. */
void prototypes_finish(void);

#endif
