/* fapws.params: the fields of a query or of a form, a dict of name -> list of values. */
#ifndef FAPWS4_PARAMS_H
#define FAPWS4_PARAMS_H

#include "buffer.h"

#include <Python.h>

/* Reads `text` as application/x-www-form-urlencoded: split on '&', '+' is a space, %XX is undone,
 * UTF-8 with replacement characters for what is none; "z" and "z=" both give [""]. Fields behind
 * the first LIMIT_PARAMS are left out. Empty text gives an empty dict. New reference, NULL with an
 * error set. */
PyObject *params_parse(struct slice text);

/* True when a Content-Type says that the body is such a form. */
bool params_is_form(struct slice content_type);

#endif
