#define PY_SSIZE_T_CLEAN
#include "importer.h"

#include "archive.h"

#include <marshal.h>
#include <string.h>

static const struct archive_entry *module_entry(PyObject *name)
{
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(name, &length);
    if (text == NULL)
        return NULL;
    const struct archive_entry *entry = archive_find(text, (size_t)length);
    return entry != NULL && (entry->flags & ARCHIVE_MODULE) != 0 ? entry : NULL;
}

static PyObject *find(PyObject *module, PyObject *name)
{
    (void)module;
    const struct archive_entry *entry = module_entry(name);
    if (PyErr_Occurred() != NULL)
        return NULL;
    if (entry == NULL)
        Py_RETURN_NONE;
    PyObject *is_package = (entry->flags & ARCHIVE_PACKAGE) != 0 ? Py_True : Py_False;
    return Py_BuildValue("sO", archive_text(entry->path), is_package);
}

static PyObject *code(PyObject *module, PyObject *name)
{
    (void)module;
    const struct archive_entry *entry = module_entry(name);
    if (entry == NULL) {
        if (PyErr_Occurred() == NULL)
            PyErr_Format(PyExc_ImportError, "%R is not in this program", name);
        return NULL;
    }
    if ((entry->flags & ARCHIVE_DEFLATED) == 0)
        return PyMarshal_ReadObjectFromString((const char *)archive_data(entry), (Py_ssize_t)entry->size);
    unsigned char *inflated = PyMem_RawMalloc(entry->size);
    if (inflated == NULL)
        return PyErr_NoMemory();
    PyObject *result = NULL;
    if (archive_read(entry, inflated) == 0)
        result = PyMarshal_ReadObjectFromString((const char *)inflated, (Py_ssize_t)entry->size);
    else
        PyErr_Format(PyExc_ImportError, "%R is damaged in this program", name);
    PyMem_RawFree(inflated);
    return result;
}

/* The last part of a module's name when its file stands in the folder, else NULL. */
static const char *name_inside(const struct archive_entry *entry, const char *folder, size_t length)
{
    const char *path = archive_text(entry->path);
    if ((entry->flags & ARCHIVE_MODULE) == 0 || strncmp(path, folder, length) != 0 || path[length] != '/')
        return NULL;
    const char *end = strchr(path + length + 1, '/');
    const char *wanted = (entry->flags & ARCHIVE_PACKAGE) != 0 ? "/__init__.py" : NULL;
    if (wanted == NULL ? end != NULL : end == NULL || strcmp(end, wanted) != 0)
        return NULL;
    const char *dot = strrchr(archive_text(entry->name), '.');
    return dot != NULL ? dot + 1 : archive_text(entry->name);
}

static PyObject *modules(PyObject *module, PyObject *folder)
{
    (void)module;
    Py_ssize_t length;
    const char *path = PyUnicode_AsUTF8AndSize(folder, &length);
    PyObject *found = path != NULL ? PyList_New(0) : NULL;
    const struct archive_entry *entry;
    for (size_t at = 0; found != NULL && (entry = archive_at(at)) != NULL; at++) {
        const char *name = name_inside(entry, path, (size_t)length);
        if (name == NULL)
            continue;
        PyObject *pair = Py_BuildValue("sO", name, (entry->flags & ARCHIVE_PACKAGE) != 0 ? Py_True : Py_False);
        if (pair == NULL || PyList_Append(found, pair) != 0)
            Py_CLEAR(found);
        Py_XDECREF(pair);
    }
    return found;
}

static PyMethodDef functions[] = {
    {"find", find, METH_O, "find(name) -> (path, is_package), or None"},
    {"code", code, METH_O, "code(name) -> code object"},
    {"modules", modules, METH_O, "modules(folder) -> [(name, is_package), ...] of the modules whose files stand in it"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_fapws4_archive",
    .m_doc = "The archive inside this executable.",
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__fapws4_archive(void)
{
    return PyModuleDef_Init(&definition);
}
