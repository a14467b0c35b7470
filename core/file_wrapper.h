/* _fapws4.FileWrapper: the `wsgi.file_wrapper` of PEP 3333. */
#ifndef FAPWS4_FILE_WRAPPER_H
#define FAPWS4_FILE_WRAPPER_H

#include <Python.h>

extern PyTypeObject file_wrapper_type;

/* What to send when a handler returns `result`: of a FileWrapper the file itself, so that its
 * length is known and no iterator stands between; of anything else the object. Borrowed. */
PyObject *file_wrapper_content(PyObject *result);

#endif
