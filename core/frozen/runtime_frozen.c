/* The frozen face: CPython's library, the standard library and the app are inside this executable. Nothing outside of it
 * is read: no environment variable of Python's, no site-packages, no file system at all. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../init/init.h"
#include "../runtime.h"
#include "archive.h"
#include "python.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APP_FOLDER ARCHIVE_ROOT "/app"
#define LIB_FOLDER ARCHIVE_ROOT "/lib"
#define FINDER "_fapws4_finder"

/* What Python imports before the finder stands (BOOT_MODULES of appliance/freezing/archive.py), and the end. */
static struct _frozen boot_modules[] = {
    {.name = "_frozen_importlib"},
    {.name = "_frozen_importlib_external"},
    {.name = "abc"},
    {.name = "codecs"},
    {.name = "encodings"},
    {.name = "encodings.aliases"},
    {.name = "encodings.utf_8"},
    {.name = "io"},
    {.name = FINDER},
    {.name = NULL},
};

static const struct _frozen no_modules[] = {{.name = NULL}};

struct _module_alias {
    const char *name, *original;
};

static const struct _module_alias aliases[] = {
    {"_frozen_importlib", "importlib._bootstrap"},
    {"_frozen_importlib_external", "importlib._bootstrap_external"},
    {NULL, NULL},
};

/* In the place of CPython's own tables (Python/frozen.c, then not linked): 0.4 MB that nothing compresses, and half of it
 * modules that few apps reach. Those that one does reach are in the archive like any other. */
extern const struct _frozen *_PyImport_FrozenBootstrap, *_PyImport_FrozenStdlib, *_PyImport_FrozenTest;
extern const struct _module_alias *_PyImport_FrozenAliases;
const struct _frozen *_PyImport_FrozenBootstrap = boot_modules;
const struct _frozen *_PyImport_FrozenStdlib = no_modules;
const struct _frozen *_PyImport_FrozenTest = no_modules;
const struct _frozen *PyImport_FrozenModules = NULL;
const struct _module_alias *_PyImport_FrozenAliases = aliases;

/* They stay in memory as long as the program runs: Python may ask for their code at any time. */
static int fill_boot_modules(void)
{
    for (struct _frozen *module = boot_modules; module->name != NULL; module++) {
        const struct archive_entry *entry = archive_find(module->name, strlen(module->name));
        unsigned char *code = entry != NULL ? malloc(entry->size) : NULL;
        if (code == NULL || archive_read(entry, code) != 0) {
            free(code);
            return -1;
        }
        module->code = code;
        module->size = (int)entry->size;
        module->is_package = (entry->flags & ARCHIVE_PACKAGE) != 0;
    }
    return 0;
}

static PyStatus set_folders(PyConfig *config)
{
    /* With all of these set, CPython's own search for its files (getpath.py) never runs. */
    const struct {
        wchar_t **field;
        const wchar_t *value;
    } settings[] = {
        {&config->program_name, L"fapws4"},   {&config->executable, L"" ARCHIVE_PYTHON},
        {&config->base_executable, L"" ARCHIVE_PYTHON}, {&config->home, L"" ARCHIVE_ROOT},
        {&config->prefix, L"" ARCHIVE_ROOT},       {&config->base_prefix, L"" ARCHIVE_ROOT},
        {&config->exec_prefix, L"" ARCHIVE_ROOT},  {&config->base_exec_prefix, L"" ARCHIVE_ROOT},
        {&config->platlibdir, L"lib"},        {&config->stdlib_dir, L"" LIB_FOLDER},
    };
    PyStatus status = PyStatus_Ok();
    for (size_t at = 0; at < sizeof settings / sizeof *settings && !PyStatus_Exception(status); at++)
        status = PyConfig_SetString(config, settings[at].field, settings[at].value);
    config->module_search_paths_set = 1;
    if (!PyStatus_Exception(status))
        status = PyWideStringList_Append(&config->module_search_paths, L"" APP_FOLDER);
    if (!PyStatus_Exception(status))
        status = PyWideStringList_Append(&config->module_search_paths, L"" LIB_FOLDER);
    return status;
}

/* What the two ways to start differ in. */
struct manner {
    bool is_python; /* the words are those of a python; else the server's, which has its own signals */
    bool import_time;
};

static PyStatus start_python(int argc, char **argv, const struct manner *manner)
{
    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&preconfig);
    if (PyStatus_Exception(status))
        return status;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.parse_argv = manner->is_python;
    config.buffered_stdio = manner->is_python; /* a line that the app prints shows at once, without a terminal too */
    config.install_signal_handlers = manner->is_python;
    config.import_time = manner->import_time;
    status = set_folders(&config);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesArgv(&config, argc, argv);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* Python with the finder in place; -1, or an exit code after having said why. */
static int start(int argc, char **argv, const struct manner *manner)
{
    const char *why;
    if (archive_open(&why) == NULL || (fill_boot_modules() != 0 && (why = "the app inside this program is damaged"))) {
        fprintf(stderr, "fapws4: %s\n", why);
        return 1;
    }
    PyStatus status = start_python(argc, argv, manner);
    if (PyStatus_IsExit(status)) /* --version */
        return status.exitcode;
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "fapws4: Python does not start: %s\n", status.err_msg != NULL ? status.err_msg : "unknown reason");
        return 1;
    }
    if (PyImport_ImportFrozenModule(FINDER) != 1) {
        PyErr_Print();
        return 1;
    }
    return -1;
}

int runtime_start(int argc, char **argv, bool import_time)
{
    int exit_code = start(argc, argv, &(struct manner){.import_time = import_time});
    return exit_code < 0 ? 0 : exit_code;
}

int runtime_interpret(int argc, char **argv)
{
    int exit_code = init_linked != NULL ? init_linked(argc, argv) : -1;
    if (exit_code >= 0)
        return exit_code;
    if (argc == 0 || strcmp(argv[0], ARCHIVE_PYTHON) != 0)
        return -1;
    exit_code = start(argc, argv, &(struct manner){.is_python = true});
    return exit_code < 0 ? Py_RunMain() : exit_code;
}

int runtime_is_frozen(void)
{
    return 1;
}

PyObject *runtime_import_app(const char *app_path)
{
    (void)app_path;
    return PyImport_ImportModule(archive_app());
}

PyObject *runtime_import_module(const char *name)
{
    return PyImport_ImportModule(name);
}

int runtime_stop(int exit_code)
{
    return Py_FinalizeEx() == 0 || exit_code != 0 ? exit_code : 120;
}
