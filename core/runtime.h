/* How Python gets into the process. Two files implement this and one of them is linked:
 * runtime_host.c for the Python of the machine, frozen/runtime_frozen.c for the Python inside this
 * executable. */
#ifndef FAPWS4_RUNTIME_H
#define FAPWS4_RUNTIME_H

#include <Python.h>

#include <stdbool.h>

/* Starts CPython, with _fapws4 among its built-in modules. argv as given to main; `import_time`: each
 * import is noted on stderr with its time. 0, or an exit code after having said why on stderr. */
int runtime_start(int argc, char **argv, bool import_time);

/* When a frozen program is started by the kernel, as /init of a device (init/init.h): is that. When
 * it is started as the sys.executable of its app (see frozen/python.h): does what a python would do
 * with these words, and returns the exit code. -1 otherwise. */
int runtime_interpret(int argc, char **argv);

/* Imports the app under its file's stem, never as __main__. `app_path` as given on the command
 * line; the frozen runtime ignores it. New reference, or NULL with a Python error set. sys.argv is
 * main's to set. */
PyObject *runtime_import_app(const char *app_path);

/* Imports the app by its name, as `python -m` finds modules: in the current folder first. sys.argv[0]
 * becomes the module's file. New reference, or NULL with a Python error set. The frozen runtime has
 * no modules to choose from: options_parse refuses the option there. */
PyObject *runtime_import_module(const char *name);

/* 1 when the app is inside this executable: then no app path is expected on the command line. */
int runtime_is_frozen(void);

/* Flushes the standard streams and ends Python; returns the exit code to use. */
int runtime_stop(int exit_code);

/* The built-in module of the types that handlers meet; see module.c. */
PyMODINIT_FUNC PyInit__fapws4(void);

#endif
