#include "prototypes.h"

#include "environ.h"

enum { SHARED_SLOTS = 128, OWN_SLOTS = 256 };

/* Block and visitor are numbers that are never used again: nobody finds what was kept for one that is
 * gone, and it goes when its slot is taken. */
struct kept {
    uint64_t block;
    uint64_t visitor; /* 0: of any */
    PyObject *template; /* NULL: an empty slot */
    PyObject *environ;
    bool used; /* since the last attempt to replace it */
};

/* Direct-mapped. */
static struct kept shared[SHARED_SLOTS]; /* with headers */
static struct kept own[OWN_SLOTS];       /* with headers and visitor */

static void empty(struct kept *kept)
{
    Py_CLEAR(kept->template);
    Py_CLEAR(kept->environ);
}

/* Takes over the reference to `env`. */
static void fill(struct kept *kept, uint64_t block, uint64_t visitor, PyObject *template,
                 PyObject *env)
{
    empty(kept);
    *kept = (struct kept){block, visitor, Py_NewRef(template), env, false};
}

static PyObject *find_shared(const struct request *request, PyObject *template, bool strict)
{
    uint64_t block = request->block->number;
    struct kept *kept = &shared[(block + ((uintptr_t)template >> 6)) % SHARED_SLOTS];
    PyObject *env;

    if (kept->template == template && kept->block == block)
        return kept->environ;
    env = PyDict_Copy(template);
    if (env == NULL || environ_set_headers(env, request, strict) != 0) {
        Py_XDECREF(env);
        return NULL;
    }
    fill(kept, block, 0, template, env);
    return env;
}

/* For a connection that has asked before. NULL without an error: who has the slot was used in the
 * meantime. Otherwise connections that take turns would make each other's anew at each request. */
static PyObject *find_own(const struct request *request, const struct visitor *visitor,
                          PyObject *template, bool strict)
{
    uint64_t block = request->block->number;
    uint64_t place = block + visitor->number * 7 + ((uintptr_t)template >> 6);
    struct kept *kept = &own[place % OWN_SLOTS];
    PyObject *base, *env;

    if (kept->template == template && kept->block == block && kept->visitor == visitor->number) {
        kept->used = true;
        return kept->environ;
    }
    if (kept->used) {
        kept->used = false;
        return NULL;
    }
    base = find_shared(request, template, strict);
    env = base != NULL ? PyDict_Copy(base) : NULL;
    if (env == NULL || environ_set_visitor(env, visitor, strict) != 0) {
        Py_XDECREF(env);
        return NULL;
    }
    fill(kept, block, visitor->number, template, env);
    return env;
}

int prototypes_find(const struct request *request, const struct visitor *visitor,
                    PyObject *template, bool strict, struct prototype *prototype)
{
    *prototype = (struct prototype){template, false, false};
    if (request->block == NULL)
        return 0;
    prototype->has_headers = true;
    if (visitor->returns) {
        prototype->environ = find_own(request, visitor, template, strict);
        prototype->has_visitor = prototype->environ != NULL;
        if (prototype->environ != NULL || PyErr_Occurred())
            return prototype->environ != NULL ? 0 : -1;
    }
    prototype->environ = find_shared(request, template, strict);
    return prototype->environ != NULL ? 0 : -1;
}

static void empty_all(struct kept *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        empty(&slots[i]);
}

void prototypes_finish(void)
{
    empty_all(shared, SHARED_SLOTS);
    empty_all(own, OWN_SLOTS);
}
