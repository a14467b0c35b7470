#include "report.h"

#include <stdio.h>

/* The exception as an object with its traceback attached. */
static PyObject *take_exception(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}

/* sys.excepthook rather than PyErr_Print: that one would end the process for a SystemExit. */
static void show(PyObject *exception)
{
    PyObject *hook = PySys_GetObject("excepthook");
    PyObject *traceback = PyException_GetTraceback(exception);
    PyObject *done = NULL;

    if (hook != NULL)
        done = PyObject_CallFunctionObjArgs(hook, (PyObject *)Py_TYPE(exception), exception,
                                            traceback != NULL ? traceback : Py_None, NULL);
    if (done == NULL)
        PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(traceback);
}

PyObject *report_exception(PyObject *what)
{
    PyObject *exception = take_exception();

    if (exception == NULL)
        return NULL;
    PySys_FormatStderr("fapws4: %U: the app failed\n", what);
    show(exception);
    return exception;
}

PyObject *report_traceback(PyObject *exception)
{
    PyObject *module = PyImport_ImportModule("traceback");
    PyObject *lines =
        module != NULL ? PyObject_CallMethod(module, "format_exception", "O", exception) : NULL;
    PyObject *empty = PyUnicode_FromString("");
    PyObject *text = lines != NULL && empty != NULL ? PyUnicode_Join(empty, lines) : NULL;

    Py_XDECREF(module);
    Py_XDECREF(lines);
    Py_XDECREF(empty);
    PyErr_Clear();
    return text;
}
