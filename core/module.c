#include "block_input.h"
#include "cached_file.h"
#include "deferred.h"
#include "file_wrapper.h"
#include "runtime.h"
#include "start_response.h"
#include "status.h"
#include "stream.h"
#include "timers.h"
#include "writer.h"
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
    {"add_timer", (PyCFunction)(void (*)(void))timers_add, METH_VARARGS | METH_KEYWORDS,
     "add_timer(seconds, f) -> Timer: calls f() again and again, every so many seconds, until it "
     "returns False, raises, or the timer is stopped."},
    {"defer", (PyCFunction)(void (*)(void))deferred_add, METH_VARARGS | METH_KEYWORDS,
     "defer(f, arg, combine=False): calls f(arg) later, behind the requests that are there; one "
     "call in each turn of the loop. With combine it is dropped when an equal f and arg wait."},
    {"defer_queue_size", deferred_count, METH_NOARGS,
     "defer_queue_size() -> int: the number of deferred calls that wait."},
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
    PyObject *module = PyType_Ready(&writer_type) == 0 ? PyModule_Create(&definition) : NULL;

    if (module != NULL && (PyModule_AddType(module, &start_response_type) != 0 ||
                           PyModule_AddType(module, &wsgi_input_type) != 0 ||
                           PyModule_AddType(module, &block_input_type) != 0 ||
                           PyModule_AddType(module, &file_wrapper_type) != 0 ||
                           PyModule_AddType(module, &cached_file_type) != 0 ||
                           PyModule_AddType(module, &timer_type) != 0 ||
                           PyModule_AddType(module, &stream_type) != 0))
        Py_CLEAR(module);
    return module;
}
