#include "loan.h"

#include "dict_watch.h"
#include "environ.h"

/* Requests of a route whose app has kept or changed what it was lent: they get copies. */
enum { COPIES = 1000 };

static bool may_watch;

void loan_init(void)
{
    may_watch = dict_watch_init();
}

void loan_finish(void)
{
    dict_watch_finish();
    may_watch = false;
}

/* Nothing is to be set that environ_unset does not take out again. */
static bool is_plain(const struct request *request)
{
    return request->minor_version == 1 && !request->fields.chunked && request->upload == NULL &&
           request->spool == NULL;
}

static bool may_lend(const struct loan *loan, struct route *route, const struct request *request,
                     struct slice path)
{
    if (!may_watch || route->threaded || !is_plain(request) ||
        !prototypes_may_name(&loan->prototype, request->method, path))
        return false;
    if (route->copies_due == 0)
        return true;
    route->copies_due--;
    return false;
}

static int set(struct loan *loan, const struct route *route, const struct request *request,
               const struct visitor *visitor, struct slice path)
{
    const struct prototype *prototype = &loan->prototype;
    PyObject *env = loan->environ;

    if ((!prototype->has_headers && environ_set_headers(env, request, route->strict) != 0) ||
        (!prototype->has_visitor && environ_set_visitor(env, visitor, route->strict) != 0) ||
        (!prototype->has_method && environ_set_method(env, request->method) != 0) ||
        (!prototype->has_path && environ_set_path(env, path) != 0) ||
        environ_set_request(env, request, route->strict) != 0)
        return -1;
    return environ_set_uri(env, request, route->strict);
}

int loan_begin(struct loan *loan, struct route *route, const struct request *request,
               const struct visitor *visitor)
{
    struct slice path = route_path(route, request);

    if (prototypes_find(request, visitor, path, route->template, route->strict,
                        &loan->prototype) != 0)
        return -1;
    loan->lent = may_lend(loan, route, request, path);
    loan->environ = loan->lent ? Py_NewRef(loan->prototype.environ)
                               : PyDict_Copy(loan->prototype.environ);
    if (loan->environ == NULL || set(loan, route, request, visitor, path) != 0) {
        if (loan->lent)
            prototypes_drop(&loan->prototype);
        loan->lent = false;
        return -1;
    }
    if (loan->lent) {
        prototypes_name(&loan->prototype, request->method, path);
        dict_watch_begin(loan->environ);
    }
    return 0;
}

/* True when nobody else has it, and it is what it was. */
static bool take_back(const struct loan *loan, const struct route *route,
                      const struct request *request)
{
    bool changed = dict_watch_end(loan->environ);

    if (changed || Py_REFCNT(loan->environ) > 2) /* the prototype's and ours */
        return false;
    if (environ_unset(loan->environ, request, route->strict) == 0)
        return true;
    PyErr_Clear();
    return false;
}

void loan_end(struct loan *loan, struct route *route, const struct request *request)
{
    if (loan->lent && !take_back(loan, route, request)) {
        prototypes_drop(&loan->prototype);
        route->copies_due = COPIES;
    }
    Py_CLEAR(loan->environ);
}
