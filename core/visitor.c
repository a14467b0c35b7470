#include "visitor.h"

#include <stdlib.h>

struct visitor *visitor_create(const struct peer *peer)
{
    static unsigned long long count;
    char text[PEER_TEXT_SIZE];
    struct visitor *visitor = calloc(1, sizeof(*visitor));

    if (visitor == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    visitor->number = ++count;
    peer_write(peer, text);
    visitor->address = PyUnicode_FromString(text);
    visitor->port = PyLong_FromLong(peer->port);
    visitor->port_text = PyUnicode_FromFormat("%d", peer->port);
    if (visitor->address == NULL || visitor->port == NULL || visitor->port_text == NULL) {
        visitor_destroy(visitor);
        return NULL;
    }
    return visitor;
}

void visitor_destroy(struct visitor *visitor)
{
    if (visitor == NULL)
        return;
    Py_XDECREF(visitor->address);
    Py_XDECREF(visitor->port);
    Py_XDECREF(visitor->port_text);
    free(visitor);
}
