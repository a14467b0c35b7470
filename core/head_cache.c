#include "head_cache.h"

#include <stdint.h>
#include <stdlib.h>

enum { SLOTS = 32, MOST_PAIRS = 12, MOST_BYTES = 1024 };

/* The list of headers may change between two calls, hence it is not kept but what is in it: tuples
 * of two str, which are held here, so that an equal pointer means an equal object. */
struct head {
    bool taken;
    PyObject *status; /* str or int, or NULL: 200 OK */
    size_t count;
    PyObject *pairs[MOST_PAIRS];
    struct spoken spoken;
    char *memory; /* what spoken.lines points to */
};

/* Direct-mapped: what falls on a taken slot replaces it. */
static struct head slots[SLOTS];

struct pairs {
    PyObject **items;
    size_t count;
};

static struct pairs pairs_of(const struct start_response *start)
{
    if (start->headers == NULL)
        return (struct pairs){NULL, 0};
    return (struct pairs){PySequence_Fast_ITEMS(start->headers),
                          (size_t)PyList_GET_SIZE(start->headers)};
}

static struct head *slot_of(const struct start_response *start, struct pairs pairs)
{
    uint64_t mix = (uint64_t)(uintptr_t)start->status;

    if (pairs.count > 0)
        mix += (uint64_t)(uintptr_t)pairs.items[0] * 3 +
               (uint64_t)(uintptr_t)pairs.items[pairs.count - 1] * 5;
    return &slots[(mix * 0x9E3779B97F4A7C15u >> 32) % SLOTS];
}

bool head_cache_recall(const struct start_response *start, struct response *response)
{
    struct pairs pairs = pairs_of(start);
    const struct head *head = slot_of(start, pairs);

    if (!head->taken || head->status != start->status || head->count != pairs.count)
        return false;
    for (size_t i = 0; i < pairs.count; i++) {
        if (head->pairs[i] != pairs.items[i])
            return false;
    }
    response_repeat(response, &head->spoken);
    return true;
}

/* ---- what is kept ---- */

static bool is_constant(PyObject *pair)
{
    return PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2 &&
           PyUnicode_CheckExact(PyTuple_GET_ITEM(pair, 0)) &&
           PyUnicode_CheckExact(PyTuple_GET_ITEM(pair, 1));
}

/* Who else holds the tuples (a code object, or who holds the list) can give them again. Headers that
 * were made for one response only would drive the others out, for nothing. */
static bool may_come_again(const struct start_response *start, struct pairs pairs)
{
    bool list_stays = start->headers == NULL || Py_REFCNT(start->headers) > 1;

    if (start->status != NULL && !PyUnicode_CheckExact(start->status) &&
        !PyLong_CheckExact(start->status))
        return false;
    for (size_t i = 0; i < pairs.count; i++) {
        if (!is_constant(pairs.items[i]) || (!list_stays && Py_REFCNT(pairs.items[i]) == 1))
            return false;
    }
    return true;
}

static void empty(struct head *head)
{
    struct head old = *head;

    memset(head, 0, sizeof(*head));
    for (size_t i = 0; i < old.count; i++)
        Py_DECREF(old.pairs[i]);
    Py_XDECREF(old.status);
    free(old.memory);
}

void head_cache_keep(const struct start_response *start, const struct response *response)
{
    struct pairs pairs = pairs_of(start);
    struct spoken spoken = response_spoken(response);
    struct head *head = slot_of(start, pairs);

    if (pairs.count > MOST_PAIRS || spoken.lines.length > MOST_BYTES || response->fields.failed ||
        !response->keep_alive || !may_come_again(start, pairs))
        return;
    empty(head);
    head->memory = malloc(spoken.lines.length);
    if (head->memory == NULL)
        return;
    memcpy(head->memory, spoken.lines.data, spoken.lines.length);
    spoken.lines.data = head->memory;
    head->spoken = spoken;
    head->status = Py_XNewRef(start->status);
    head->count = pairs.count;
    for (size_t i = 0; i < pairs.count; i++)
        head->pairs[i] = Py_NewRef(pairs.items[i]);
    head->taken = true;
}

void head_cache_finish(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        empty(&slots[i]);
}
