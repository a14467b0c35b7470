#include "runtime.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define TEXT_OF(name) TEXT(name)
#define TEXT(value) #value
#define PYTHON_VERSION TEXT_OF(PY_MAJOR_VERSION) "." TEXT_OF(PY_MINOR_VERSION)

/* Where the modules of this Python are, below a prefix. */
#define LIBRARY "/lib/python" PYTHON_VERSION

int runtime_is_frozen(void)
{
    return 0;
}

/* Whether PREFIX + what comes behind it is there; `path` (of PATH_MAX bytes) then has it. */
static bool find_below(char *path, const char *prefix, const char *behind, int mode)
{
    return snprintf(path, PATH_MAX, "%s%s", prefix, behind) < PATH_MAX && access(path, mode) == 0;
}

/* An active virtual environment is found by starting from its interpreter, as if that had been
 * called. One of another Python has nothing for this one. */
static PyStatus set_executable(PyConfig *config)
{
    const char *environment = getenv("VIRTUAL_ENV");
    char path[PATH_MAX];

    if (environment == NULL || environment[0] == '\0')
        return PyStatus_Ok();
    if (!find_below(path, environment, "/bin/python3", X_OK))
        return PyStatus_Ok();
    if (!find_below(path, environment, LIBRARY, F_OK))
        return PyStatus_Error("the active virtual environment is not one of Python " PYTHON_VERSION
                              ": deactivate it, or install fapws4 with its Python");
    find_below(path, environment, "/bin/python3", X_OK);
    return PyConfig_SetBytesString(config, &config->executable, path);
}

/* The package that was installed with the program, PREFIX/lib/pythonX.Y/site-packages/fapws4 for
 * PREFIX/bin/fapws4: an app can import it also where Python does not look there, as in a virtual
 * environment. It comes after everything else, and brings nothing else of that folder. */
static const char own_package[] =
    "def find(folder):\n"
    "    import sys\n"
    "    from _frozen_importlib_external import PathFinder\n"
    "    class OwnPackage:\n"
    "        @staticmethod\n"
    "        def find_spec(name, path=None, target=None):\n"
    "            return PathFinder.find_spec(name, [folder]) if name == 'fapws4' else None\n"
    "    sys.meta_path.append(OwnPackage)\n"
    "find(folder)\n";

static int add_own_package(void)
{
    char prefix[PATH_MAX];
    size_t size = sizeof(prefix);
    char *slash;
    PyObject *names, *done = NULL;

    if (uv_exepath(prefix, &size) != 0)
        return 0;
    for (int up = 0; up < 2 && (slash = strrchr(prefix, '/')) != NULL; up++)
        *slash = '\0';
    names = Py_BuildValue("{s:N}", "folder",
                          PyUnicode_FromFormat("%s" LIBRARY "/site-packages", prefix));
    if (names != NULL)
        done = PyRun_String(own_package, Py_file_input, names, names);
    Py_XDECREF(names);
    Py_XDECREF(done);
    return done != NULL ? 0 : -1;
}

int runtime_interpret(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return -1; /* sys.executable is the machine's python */
}

int runtime_start(int argc, char **argv, bool import_time)
{
    PyConfig config;
    PyStatus status;

    (void)argc;
    (void)argv;
    if (PyImport_AppendInittab("_fapws4", PyInit__fapws4) != 0) {
        fputs("fapws4: cannot start Python: memory is out\n", stderr);
        return 1;
    }
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    config.install_signal_handlers = 0; /* the server has its own */
    if (import_time)
        config.import_time = 1;
    status = set_executable(&config);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "fapws4: cannot start Python: %s\n",
                status.err_msg != NULL ? status.err_msg : "unknown reason");
        return 1;
    }
    if (add_own_package() == 0)
        return 0;
    PyErr_Print();
    return 1;
}

static PyObject *refuse(const char *path, const char *why)
{
    PyObject *message = PyUnicode_FromFormat("fapws4: %s: %s", path, why);

    if (message != NULL)
        PyErr_SetObject(PyExc_SystemExit, message); /* one line instead of a traceback, status 1 */
    Py_XDECREF(message);
    return NULL;
}

/* The app's folder comes first in sys.path, absolute, as under plain python. */
static int insert_folder(const char *path)
{
    PyObject *search = PySys_GetObject("path");
    char *resolved = realpath(path, NULL);
    PyObject *folder = NULL;
    int status = -1;

    if (resolved != NULL)
        folder = PyUnicode_DecodeFSDefaultAndSize(resolved, strrchr(resolved, '/') - resolved);
    else
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    if (search != NULL && folder != NULL)
        status = PyList_Insert(search, 0, folder);
    Py_XDECREF(folder);
    free(resolved);
    return status;
}

/* True when an import of this name would not reach the app's file. */
static int is_taken(PyObject *stem)
{
    PyObject *builtin = PySys_GetObject("builtin_module_names");
    PyObject *loaded = PyImport_GetModule(stem);
    int taken = loaded != NULL || (builtin != NULL && PySequence_Contains(builtin, stem) == 1);

    Py_XDECREF(loaded);
    return taken;
}

PyObject *runtime_import_app(const char *app_path)
{
    const char *slash = strrchr(app_path, '/');
    const char *name = slash != NULL ? slash + 1 : app_path;
    size_t length = strlen(name);
    struct stat status;
    PyObject *stem, *module = NULL;

    if (stat(app_path, &status) != 0)
        return refuse(app_path, "no such file");
    if (S_ISDIR(status.st_mode))
        return refuse(app_path, "is a folder; name the .py file in it");
    if (length < 4 || strcmp(name + length - 3, ".py") != 0)
        return refuse(app_path, "is no Python file; its name must end in .py");
    if (memchr(name, '.', length - 3) != NULL)
        return refuse(app_path, "cannot be imported: only the last dot may be in its name");
    stem = PyUnicode_DecodeFSDefaultAndSize(name, (Py_ssize_t)length - 3);
    if (stem != NULL && is_taken(stem))
        refuse(app_path, "has the name of a module of Python; give it another");
    else if (stem != NULL && insert_folder(app_path) == 0)
        module = PyImport_Import(stem);
    Py_XDECREF(stem);
    return module;
}

static int insert_current_folder(void)
{
    PyObject *search = PySys_GetObject("path");
    char folder[4096];
    PyObject *text;
    int status;

    if (getcwd(folder, sizeof(folder)) == NULL) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    text = PyUnicode_DecodeFSDefault(folder);
    status = text != NULL && search != NULL ? PyList_Insert(search, 0, text) : -1;
    Py_XDECREF(text);
    return status;
}

/* Says in one line that the app, or a package that it is in, is not there. Another module that is
 * missing is the app's own fault, whose traceback tells where. */
static void explain_missing(const char *name)
{
    PyObject *type, *error, *traceback, *missing;
    const char *text;
    size_t length;

    if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError))
        return;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    missing = PyObject_GetAttrString(error, "name");
    text = missing != NULL && PyUnicode_Check(missing) ? PyUnicode_AsUTF8(missing) : "";
    length = text != NULL ? strlen(text) : 0;
    if (length > 0 && strncmp(name, text, length) == 0 &&
        (name[length] == '\0' || name[length] == '.')) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(traceback);
        refuse(name, "no such module, neither in the current folder nor where Python looks");
    } else
        PyErr_Restore(type, error, traceback);
    Py_XDECREF(missing);
}

static int set_script(PyObject *module)
{
    PyObject *words = PySys_GetObject("argv");
    PyObject *file = PyModule_GetFilenameObject(module);

    if (words != NULL && file != NULL)
        return PyList_SetItem(words, 0, file);
    Py_XDECREF(file);
    return -1;
}

PyObject *runtime_import_module(const char *name)
{
    PyObject *module = insert_current_folder() == 0 ? PyImport_ImportModule(name) : NULL;

    if (module == NULL)
        explain_missing(name);
    else if (set_script(module) != 0)
        Py_CLEAR(module);
    return module;
}

int runtime_stop(int exit_code)
{
    return Py_FinalizeEx() == 0 || exit_code != 0 ? exit_code : 120;
}
