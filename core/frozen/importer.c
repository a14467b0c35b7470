#define PY_SSIZE_T_CLEAN
#include "importer.h"

#include "archive.h"

#include <marshal.h>

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

static PyMethodDef functions[] = {
    {"find", find, METH_O, "find(name) -> (path, is_package), or None"},
    {"code", code, METH_O, "code(name) -> code object"},
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
