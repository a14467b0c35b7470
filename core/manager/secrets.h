/* The module _fapws4_secrets: what the manager (fapws4/manager/) does with passwords and backups, by Monocypher. Only in
 * programs that have a manager. */
#ifndef FAPWS4_MANAGER_SECRETS_H
#define FAPWS4_MANAGER_SECRETS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyMODINIT_FUNC PyInit__fapws4_secrets(void);

#endif
