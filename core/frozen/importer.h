/* The module _fapws4_archive: what frozen/finder.py asks of the archive. */
#ifndef FROZEN_IMPORTER_H
#define FROZEN_IMPORTER_H

#include <Python.h>

/* find(name) -> (path, is_package) or None; code(name) -> code object, ImportError when there is none;
 * modules(folder) -> list of (name, is_package). */
PyMODINIT_FUNC PyInit__fapws4_archive(void);

#endif
