/* _fapws4.CachedFile: what views.Staticfile returns for a file that may be sent again without asking
 * it, as long as the names it goes with lead to the same files; see file_cache.h. */
#ifndef FAPWS4_CACHED_FILE_H
#define FAPWS4_CACHED_FILE_H

#include "response.h"

#include <Python.h>

extern PyTypeObject cached_file_type;

/* The file of a CachedFile, or the object itself; borrowed. */
PyObject *cached_file_content(PyObject *result);

/* Fills the offer of a CachedFile; makes none of another object. Its names live as long as that. */
void cached_file_offer(PyObject *result, struct offer *offer);

#endif
