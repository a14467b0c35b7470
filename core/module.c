#include "runtime.h"
#include "start_response.h"
#include "status.h"
#include "wsgi_input.h"

static PyObject *module_status_reason(PyObject *module, PyObject *code)
{
    long number = PyLong_AsLong(code);

    (void)module;
    if (number == -1 && PyErr_Occurred())
        return NULL;
    return PyUnicode_FromString(status_reason(number > 0 && number < 1000 ? (int)number : 0));
}

static PyMethodDef functions[] = {
    {"status_reason", module_status_reason, METH_O,
     "status_reason(code) -> str: the reason phrase of a status code, 'Unknown' without one."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_methods = functions,
    .m_name = "_fapws4",
    .m_doc = "The part of fapws4 that is written in C.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__fapws4(void)
{
    PyObject *module = PyModule_Create(&definition);

    if (module != NULL && (PyModule_AddType(module, &start_response_type) != 0 ||
                           PyModule_AddType(module, &wsgi_input_type) != 0))
        Py_CLEAR(module);
    return module;
}
