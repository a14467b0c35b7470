#include "file_wrapper.h"

#include <stddef.h>
#include <structmember.h>

struct file_wrapper {
    PyObject_HEAD
    PyObject *file;
    Py_ssize_t block_size; /* bytes */
};

static struct file_wrapper *wrapper_of(PyObject *self)
{
    return (struct file_wrapper *)self;
}

PyObject *file_wrapper_content(PyObject *result)
{
    return Py_IS_TYPE(result, &file_wrapper_type) ? wrapper_of(result)->file : result;
}

static PyObject *wrapper_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *parameters[] = {"file", "block_size", NULL};
    Py_ssize_t block_size = 8192;
    PyObject *file, *self;

    if (!PyArg_ParseTupleAndKeywords(args, names, "O|n:FileWrapper", parameters, &file,
                                     &block_size))
        return NULL;
    self = type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    wrapper_of(self)->file = Py_NewRef(file);
    wrapper_of(self)->block_size = block_size;
    return self;
}

/* The next block; b"" ends the iteration. */
static PyObject *wrapper_iternext(PyObject *self)
{
    PyObject *block = PyObject_CallMethod(wrapper_of(self)->file, "read", "n",
                                          wrapper_of(self)->block_size);

    if (block != NULL && PyObject_Size(block) <= 0)
        Py_CLEAR(block);
    return block;
}

static PyObject *wrapper_close(PyObject *self, PyObject *ignored)
{
    PyObject *close = PyObject_GetAttrString(wrapper_of(self)->file, "close");
    PyObject *done;

    (void)ignored;
    if (close == NULL) { /* a file-like object need not have one */
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    done = PyObject_CallNoArgs(close);
    Py_DECREF(close);
    return done;
}

static int wrapper_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(wrapper_of(self)->file);
    return 0;
}

static int wrapper_clear(PyObject *self)
{
    Py_CLEAR(wrapper_of(self)->file);
    return 0;
}

static void wrapper_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    wrapper_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef wrapper_methods[] = {
    {"close", wrapper_close, METH_NOARGS, "close(): closes the file."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef wrapper_members[] = {
    {"file", T_OBJECT, offsetof(struct file_wrapper, file), READONLY, "The file."},
    {NULL, 0, 0, 0, NULL},
};

PyTypeObject file_wrapper_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_fapws4.FileWrapper",
    .tp_doc = "FileWrapper(file, block_size=8192): a file as the body of a response.",
    .tp_basicsize = sizeof(struct file_wrapper),
    .tp_dealloc = wrapper_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = wrapper_traverse,
    .tp_clear = wrapper_clear,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = wrapper_iternext,
    .tp_methods = wrapper_methods,
    .tp_members = wrapper_members,
    .tp_new = wrapper_new,
};
