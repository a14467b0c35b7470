#include "subject.h"

static PyObject *describe(const struct request *request, const struct visitor *visitor)
{
    PyObject *method = PyUnicode_DecodeLatin1(request->method.data,
                                              (Py_ssize_t)request->method.length, NULL);
    PyObject *target = PyUnicode_DecodeLatin1(request->text.data,
                                              (Py_ssize_t)request->text.length, NULL);
    PyObject *text = NULL;

    if (method != NULL && target != NULL)
        text = PyUnicode_FromFormat("%U %U from %S", method, target,
                                    visitor != NULL ? visitor->address : Py_None);
    Py_XDECREF(method);
    Py_XDECREF(target);
    return text;
}

PyObject *subject_text(struct subject *subject)
{
    if (subject->text == NULL)
        subject->text = describe(subject->request, subject->visitor);
    return subject->text;
}
