#include "cached_file.h"

#include <stddef.h>
#include <structmember.h>

struct cached_file {
    PyObject_HEAD
    PyObject *file;
    PyObject *names; /* tuple of at most OFFER_NAMES bytes */
};

static struct cached_file *cached_of(PyObject *self)
{
    return (struct cached_file *)self;
}

PyObject *cached_file_content(PyObject *result)
{
    return Py_IS_TYPE(result, &cached_file_type) ? cached_of(result)->file : result;
}

void cached_file_offer(PyObject *result, struct offer *offer)
{
    PyObject *names;

    if (!Py_IS_TYPE(result, &cached_file_type))
        return;
    names = cached_of(result)->names;
    offer->made = true;
    offer->count = (unsigned)PyTuple_GET_SIZE(names);
    for (unsigned i = 0; i < offer->count; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        offer->names[i] =
            (struct slice){PyBytes_AS_STRING(name), (size_t)PyBytes_GET_SIZE(name)};
    }
}

static bool are_names(PyObject *names)
{
    if (PyTuple_GET_SIZE(names) > OFFER_NAMES)
        return false;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        if (!PyBytes_Check(PyTuple_GET_ITEM(names, i)))
            return false;
    }
    return true;
}

static PyObject *cached_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *parameters[] = {"file", "names", NULL};
    PyObject *file, *names, *self;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO!:CachedFile", parameters, &file,
                                     &PyTuple_Type, &names))
        return NULL;
    if (!are_names(names))
        return PyErr_Format(PyExc_TypeError, "names must be a tuple of at most %d bytes objects",
                            OFFER_NAMES);
    self = type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    cached_of(self)->file = Py_NewRef(file);
    cached_of(self)->names = Py_NewRef(names);
    return self;
}

static int cached_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(cached_of(self)->file);
    Py_VISIT(cached_of(self)->names);
    return 0;
}

static int cached_clear(PyObject *self)
{
    Py_CLEAR(cached_of(self)->file);
    Py_CLEAR(cached_of(self)->names);
    return 0;
}

static void cached_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    cached_clear(self);
    Py_TYPE(self)->tp_free(self);
}

/* What decorators of a handler ask of a result is asked of the file. */
static PyObject *cached_getattr(PyObject *self, PyObject *name)
{
    PyObject *value = PyObject_GenericGetAttr(self, name);

    if (value != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return value;
    PyErr_Clear();
    return PyObject_GetAttr(cached_of(self)->file, name);
}

static PyMemberDef cached_members[] = {
    {"file", T_OBJECT, offsetof(struct cached_file, file), READONLY, "The open file."},
    {"names", T_OBJECT, offsetof(struct cached_file, names), READONLY,
     "The paths that it depends on: its own first."},
    {NULL, 0, 0, 0, NULL},
};

PyTypeObject cached_file_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.CachedFile",
    .tp_doc = "CachedFile(file, names): a file as the body of a response that may be given again "
              "while the names lead to the same files.",
    .tp_basicsize = sizeof(struct cached_file),
    .tp_dealloc = cached_dealloc,
    .tp_getattro = cached_getattr,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = cached_traverse,
    .tp_clear = cached_clear,
    .tp_members = cached_members,
    .tp_new = cached_new,
};
