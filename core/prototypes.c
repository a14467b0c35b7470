#include "prototypes.h"

#include "environ.h"

enum { SHARED_SLOTS = 128, OWN_SLOTS = 256, MOST_METHOD = 8, MOST_PATH = 64 };

/* Block and visitor are numbers that are never used again: nobody finds what was kept for one that is
 * gone, and it goes when its slot is taken. */
struct kept {
    uint64_t block;
    uint64_t visitor;   /* 0: of any */
    PyObject *template; /* NULL: an empty slot */
    PyObject *environ;
    bool used;         /* since the last attempt to replace it */
    uint64_t stranger; /* the mark of the last request for something else */
    size_t method_length, path_length;
    char method[MOST_METHOD];
    char path[MOST_PATH];
};

/* Direct-mapped. */
static struct kept shared[SHARED_SLOTS]; /* with headers */
static struct kept own[OWN_SLOTS];       /* with headers, visitor, method and path */

static void empty(struct kept *kept)
{
    Py_CLEAR(kept->template);
    Py_CLEAR(kept->environ);
}

static struct slice method_in(const struct kept *kept)
{
    return (struct slice){kept->method, kept->method_length};
}

static struct slice path_in(const struct kept *kept)
{
    return (struct slice){kept->path, kept->path_length};
}

static void note_target(struct kept *kept, struct slice method, struct slice path)
{
    kept->method_length = method.length;
    kept->path_length = path.length;
    memcpy(kept->method, method.data, method.length);
    memcpy(kept->path, path.data, path.length);
}

/* Takes over the reference to `env`. */
static void fill(struct kept *kept, uint64_t block, uint64_t visitor, PyObject *template,
                 PyObject *env)
{
    empty(kept);
    kept->block = block;
    kept->visitor = visitor;
    kept->template = Py_NewRef(template);
    kept->environ = env;
    kept->used = false;
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

/* ---- of one connection ---- */

/* A mark that another path seldom has; if it has, nothing but time is lost. */
static uint64_t mark_of(struct slice method, struct slice path)
{
    uint64_t mark = 0;

    if (path.length >= sizeof(mark))
        memcpy(&mark, path.data + path.length - sizeof(mark), sizeof(mark));
    return mark + path.length * 31 + method.length + 1;
}

/* What is asked for twice in a row becomes what the prototype stands for. */
static int learn(struct kept *kept, struct slice method, struct slice path)
{
    uint64_t mark = mark_of(method, path);

    if (method.length > MOST_METHOD || path.length > MOST_PATH)
        return 0;
    if (kept->stranger != mark) {
        kept->stranger = mark;
        return 0;
    }
    note_target(kept, method, path);
    if (environ_set_method(kept->environ, method) == 0 &&
        environ_set_path(kept->environ, path) == 0)
        return 0;
    empty(kept);
    return -1;
}

static int fill_own(struct kept *kept, const struct request *request,
                    const struct visitor *visitor, PyObject *template, bool strict)
{
    PyObject *base = find_shared(request, template, strict);
    PyObject *env = base != NULL ? PyDict_Copy(base) : NULL;

    if (env == NULL || environ_set_visitor(env, visitor, strict) != 0) {
        Py_XDECREF(env);
        return -1;
    }
    fill(kept, request->block->number, visitor->number, template, env);
    note_target(kept, SLICE("GET"), environ_usual_path(strict));
    kept->stranger = 0;
    return 0;
}

/* False when who has the slot was used in the meantime: otherwise connections that take turns would
 * make each other's anew at each request. */
static bool may_take(struct kept *kept)
{
    bool may = !kept->used;

    kept->used = false;
    return may;
}

/* For a connection that has asked before. */
static int find_own(const struct request *request, const struct visitor *visitor,
                    struct slice path, PyObject *template, bool strict,
                    struct prototype *prototype)
{
    uint64_t block = request->block->number;
    uint64_t place = block + visitor->number * 7 + ((uintptr_t)template >> 6);
    struct kept *kept = &own[place % OWN_SLOTS];
    int status = 0;

    if (kept->template != template || kept->block != block || kept->visitor != visitor->number) {
        if (!may_take(kept))
            return 0;
        if (fill_own(kept, request, visitor, template, strict) != 0)
            return -1;
    }
    kept->used = true;
    prototype->has_method = slice_equals(request->method, method_in(kept));
    prototype->has_path = slice_equals(path, path_in(kept));
    if (!prototype->has_method || !prototype->has_path)
        status = learn(kept, request->method, path);
    prototype->environ = kept->environ;
    prototype->own = kept;
    prototype->has_headers = prototype->has_visitor = true;
    return status;
}

int prototypes_find(const struct request *request, const struct visitor *visitor,
                    struct slice path, PyObject *template, bool strict,
                    struct prototype *prototype)
{
    *prototype = (struct prototype){
        .environ = template,
        .has_method = slice_equals(request->method, SLICE("GET")),
        .has_path = slice_equals(path, environ_usual_path(strict)),
    };
    if (request->block == NULL)
        return 0;
    if (visitor->returns &&
        find_own(request, visitor, path, template, strict, prototype) != 0)
        return -1;
    if (prototype->has_headers)
        return 0;
    prototype->environ = find_shared(request, template, strict);
    prototype->has_headers = true;
    return prototype->environ != NULL ? 0 : -1;
}

/* ---- lent ---- */

bool prototypes_may_name(const struct prototype *prototype, struct slice method, struct slice path)
{
    return prototype->own != NULL && method.length <= MOST_METHOD && path.length <= MOST_PATH;
}

void prototypes_name(const struct prototype *prototype, struct slice method, struct slice path)
{
    if (!prototype->has_method || !prototype->has_path)
        note_target(prototype->own, method, path);
}

void prototypes_drop(const struct prototype *prototype)
{
    empty(prototype->own);
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
