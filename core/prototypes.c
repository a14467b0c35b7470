#include "prototypes.h"

#include "environ.h"

enum { SLOTS = 2 * BLOCK_SLOTS };

/* The number of a block is never used again, hence neither is a prototype of a block that was
 * replaced; it goes when its slot is taken. */
struct prototype {
    uint64_t block;     /* its number */
    PyObject *template; /* NULL: an empty slot */
    PyObject *environ;
};

/* Direct-mapped by block and route. */
static struct prototype slots[SLOTS];

static void empty(struct prototype *prototype)
{
    Py_CLEAR(prototype->template);
    Py_CLEAR(prototype->environ);
}

static PyObject *fill(struct prototype *prototype, const struct request *request,
                      PyObject *template, bool strict)
{
    PyObject *env = PyDict_Copy(template);

    if (env != NULL && environ_set_headers(env, request, strict) != 0)
        Py_CLEAR(env);
    empty(prototype);
    if (env == NULL)
        return NULL;
    prototype->block = request->block->number;
    prototype->template = Py_NewRef(template);
    prototype->environ = env;
    return env;
}

PyObject *prototypes_find(const struct request *request, PyObject *template, bool strict)
{
    struct prototype *prototype;

    if (request->block == NULL)
        return NULL;
    prototype = &slots[(request->block->number + ((uintptr_t)template >> 6)) % SLOTS];
    if (prototype->template == template && prototype->block == request->block->number)
        return prototype->environ;
    return fill(prototype, request, template, strict);
}

void prototypes_finish(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        empty(&slots[i]);
}
